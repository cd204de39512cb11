// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/directory/preload.hpp"

#include <set>

#include "core/store/layout.hpp"

namespace repotool::sync {
namespace {

using store::ContentReference;
using store::SetEntry;

class Preloader {
public:
    Preloader(const store::GenerationReader& wanted, const store::GenerationReader* present, ReadAhead& ahead)
        : wanted_(wanted), present_(present), ahead_(ahead), repository_(wanted.manifest().repository) {}

    void run() {
        for_each_set([&](const SetEntry& set, const SetEntry* old) {
            add(set.chunks, old == nullptr ? nullptr : &old->chunks);
            add(set.frames, old == nullptr ? nullptr : &old->frames);
            if (!set.contents) return;
            const bool has_old = old != nullptr && old->contents;
            add(set.contents->lines, has_old ? &old->contents->lines : nullptr);
            add(set.contents->frames, has_old ? &old->contents->frames : nullptr);
        });
        flush();
        for_each_set([&](const SetEntry& set, const SetEntry* old) {
            if (old == nullptr || old->chunks != set.chunks) add_chunks(set, old);
        });
        flush();
    }

private:
    template <typename Visit>
    void for_each_set(const Visit& visit) const {
        for (const auto& sub_manifest : wanted_.sub_manifests()) {
            const auto* old = present_ == nullptr ? nullptr : present_->find_format(sub_manifest.format);
            for (const auto* set : sub_manifest.all_sets())
                visit(*set, old == nullptr ? nullptr : same(*old, *set));
        }
    }

    static const SetEntry* same(const store::SubManifest& old, const SetEntry& set) {
        for (const auto* other : old.all_sets()) {
            if (other->dist == set.dist && other->component == set.component &&
                other->architecture == set.architecture)
                return other;
        }
        return nullptr;
    }

    void add(const ContentReference& part, const ContentReference* old) {
        if (part.sha256.empty() || (old != nullptr && *old == part)) return;
        add(part.sha256, old == nullptr ? "" : old->sha256);
    }

    void add(const std::string& sha256, const std::string& old) {
        if (!seen_.insert(sha256).second) return;
        parts_.push_back({store::layout::tree_part(repository_, sha256),
                          old.empty() ? "" : store::layout::tree_part(repository_, old)});
    }

    void add_chunks(const SetEntry& set, const SetEntry* old) {
        const store::ChunkList list = wanted_.chunk_list(set);
        const store::ChunkList old_list = old == nullptr ? store::ChunkList{} : present_->chunk_list(*old);
        std::set<std::string> there;
        for (const auto& chunk : old_list) there.insert(chunk.sha256);
        for (const auto& chunk : list) {
            if (there.contains(chunk.sha256)) continue;
            const auto place = store::find_chunk(old_list, chunk.first_key);
            add(chunk.sha256, place ? old_list[*place].sha256 : "");
        }
    }

    void flush() {
        ahead_.preload(parts_);
        parts_.clear();
    }

    const store::GenerationReader& wanted_;
    const store::GenerationReader* present_;
    ReadAhead& ahead_;
    const std::string& repository_;
    std::set<std::string> seen_;
    std::vector<ReadAhead::Part> parts_;
};

}  // namespace

void preload_tree(const store::GenerationReader& wanted, const store::GenerationReader* present,
                  ReadAhead& ahead) {
    Preloader(wanted, present, ahead).run();
}

void preload_pointers(const store::GenerationReader& wanted, const store::GenerationReader* present,
                      ReadAhead& ahead) {
    const auto directory = [](const store::GenerationReader& generation) {
        return store::layout::generation(generation.manifest().repository, generation.manifest().generation);
    };
    std::vector<ReadAhead::Part> parts{{directory(wanted) + "/MANIFEST.asc", ""}};
    for (const auto& sub_manifest : wanted.sub_manifests()) {
        std::set<std::string> there;
        const auto* old = present == nullptr ? nullptr : present->find_format(sub_manifest.format);
        if (old != nullptr) {
            for (const auto& pointer : old->pointers) there.insert(pointer.path);
        }
        for (const auto& pointer : sub_manifest.pointers) {
            const bool has_base = there.contains(pointer.path);
            parts.push_back({directory(wanted) + "/" + pointer.path,
                             has_base ? directory(*present) + "/" + pointer.path : ""});
        }
    }
    ahead.preload(parts);
}

}  // namespace repotool::sync
