// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/mirror/plan.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "core/base/error.hpp"
#include "core/store/layout.hpp"

namespace repotool::sync {
namespace {

using store::ContentFile;
using store::SetEntry;

// Two sets may share a chunk, an index or a package: each name is planned once.
class Planner {
public:
    Planner(const store::GenerationReader& wanted, const store::GenerationReader* present)
        : wanted_(wanted), present_(present), repository_(wanted.manifest().repository) {}

    Plan run() {
        const auto& sub_manifests = wanted_.sub_manifests();
        plan_.shared_links = store::shared_links(repository_, sub_manifests);
        add_parts();
        for (const auto& sub_manifest : sub_manifests) {
            for (const auto* set : sub_manifest.all_sets()) {
                const SetEntry* old = present_set(sub_manifest.format, *set);
                add_indexes(*set, old);
                if (old == nullptr || old->chunks != set->chunks) add_chunks(*set, old);
            }
        }
        count_removed();
        return std::move(plan_);
    }

private:
    const SetEntry* present_set(const std::string& format, const SetEntry& set) const {
        const auto* sub_manifest = present_ == nullptr ? nullptr : present_->find_format(format);
        if (sub_manifest == nullptr) return nullptr;
        const auto all = sub_manifest->all_sets();
        const auto found = std::find_if(all.begin(), all.end(), [&](const SetEntry* other) {
            return other->dist == set.dist && other->component == set.component &&
                   other->architecture == set.architecture;
        });
        return found == all.end() ? nullptr : *found;
    }

    // By how many packages sets shrink: a package that another version replaces is not removed.
    void count_removed() {
        if (present_ == nullptr) return;
        for (const auto& sub_manifest : present_->sub_manifests()) {
            const auto* wanted = wanted_.find_format(sub_manifest.format);
            for (const auto& set : sub_manifest.sets) {
                const auto* next =
                    wanted == nullptr ? nullptr : wanted->find_set(set.dist, set.component, set.architecture);
                const std::uint64_t left = next == nullptr ? 0 : next->packages;
                plan_.present_packages += set.packages;
                plan_.removed_packages += set.packages - std::min(set.packages, left);
            }
        }
    }

    // Files that the present generation names, too, are there: only looked at, not brought.
    void add(std::vector<ContentFile>& list, ContentFile file) {
        if (planned_.insert(file.path).second) list.push_back(std::move(file));
    }

    void add_parts() {
        std::set<std::string> there;
        if (present_ != nullptr) {
            for (const auto& part : store::manifest_parts(present_->manifest(), present_->sub_manifests())) {
                there.insert(part.path);
            }
        }
        for (const auto& part : store::manifest_parts(wanted_.manifest(), wanted_.sub_manifests())) {
            add(there.contains(part.path) ? plan_.expected : plan_.metadata, part);
        }
    }

    void add_indexes(const SetEntry& set, const SetEntry* old) {
        std::set<std::string> there;
        if (old != nullptr) {
            for (const auto& file : store::index_files(repository_, *old)) there.insert(file.path);
        }
        for (const auto& file : store::index_files(repository_, set)) {
            add(there.contains(file.path) ? plan_.expected : plan_.metadata, file);
        }
    }

    void add_chunks(const SetEntry& set, const SetEntry* old) {
        const store::ChunkList list = wanted_.chunk_list(set);
        const store::ChunkList old_list = old == nullptr ? store::ChunkList{} : present_->chunk_list(*old);
        const auto digests_of = [](const store::ChunkList& chunks) {
            std::set<std::string> digests;
            for (const auto& chunk : chunks) digests.insert(chunk.sha256);
            return digests;
        };
        const auto digests = digests_of(list);
        const auto old_digests = digests_of(old_list);
        // A changed chunk holds some 64 packages of which one is new; the chunk that it replaces knows the
        // rest.
        std::set<std::string> there;
        for (const auto& chunk : old_list) {
            if (digests.contains(chunk.sha256)) continue;
            for (const auto& record : present_->records(chunk))
                there.insert(record.path + '\n' + record.sha256);
        }
        for (const auto& chunk : list) {
            if (old_digests.contains(chunk.sha256)) continue;
            add_chunk(chunk);
            for (const auto& record : wanted_.records(chunk)) {
                const bool is_there = there.contains(record.path + '\n' + record.sha256);
                for (const auto& file : store::pool_files(repository_, record))
                    add(is_there ? plan_.expected : plan_.packages, file);
            }
        }
    }

    // Chunk lists give no sizes; the digest decides anyway.
    void add_chunk(const store::ChunkReference& chunk) {
        const std::string path = store::layout::tree_part(repository_, chunk.sha256);
        const auto status = wanted_.filesystem().status(wanted_.path_of(path));
        if (!status) throw base::Error(base::ErrorKind::integrity, "read", path, "the source has lost it");
        add(plan_.metadata, {path, chunk.sha256, status->size});
    }

    const store::GenerationReader& wanted_;
    const store::GenerationReader* present_;
    const std::string& repository_;
    std::set<std::string> planned_;
    Plan plan_;
};

}  // namespace

Plan make_plan(const store::GenerationReader& wanted, const store::GenerationReader* present) {
    return Planner(wanted, present).run();
}

PlanSummary summarize(const Plan& plan) noexcept {
    PlanSummary summary;
    summary.packages = plan.packages.size();
    summary.files = plan.packages.size() + plan.metadata.size();
    for (const auto* list : {&plan.packages, &plan.metadata}) {
        for (const auto& file : *list) summary.bytes += file.size;
    }
    summary.removed_packages = plan.removed_packages;
    summary.present_packages = plan.present_packages;
    return summary;
}

}  // namespace repotool::sync
