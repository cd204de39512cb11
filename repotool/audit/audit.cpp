// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/audit/audit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <utility>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/layout.hpp"
#include "core/store/repository_turns.hpp"
#include "core/store/roster.hpp"
#include "repotool/audit/letting_in.hpp"
#include "repotool/audit/package_audit.hpp"
#include "repotool/inspect/generation_signatures.hpp"
#include "repotool/upkeep/file_proof.hpp"

namespace repotool::publisher {
namespace {

using store::GenerationReader;

class Audit {
public:
    Audit(const PublishContext& context, const std::string& repository, ListPackages list)
        : context_(context),
          filesystem_(context.site.filesystem()),
          list_(list),
          proof_(filesystem_),
          keys_(published_keys(filesystem_, "public")) {
        report_.repository = repository;
    }

    AuditReport run() {
        const auto no_collector = store::lock_collecting(context_.site, context_.lock_timeout);
        const auto tell = [this](GapKind kind, const std::string& object, const std::string& problem) {
            find(kind, object, problem);
        };
        EvidenceBook book(filesystem_, [&](const std::string& path, const std::string& problem) {
            find(GapKind::damage, path, problem);
        });
        packages_ =
            std::make_unique<PackageAudit>(filesystem_, context_.config, report_.repository, book, tell);
        attempt(store::layout::history_directory(report_.repository),
                [this] { history_ = std::make_unique<LettingIn>(filesystem_, report_.repository); });
        for (const auto generation : store::list_generations(filesystem_, "public", report_.repository)) {
            if (history_ && generation > history_->last()) continue;  // claimed, and not flipped yet
            attempt("public/" + store::layout::generation(report_.repository, generation),
                    [&] { audit_generation(generation); });
        }
        report_.files = proof_.files();
        return std::move(report_);
    }

private:
    // Said once, however many packages meet it.
    void find(GapKind kind, const std::string& object, const std::string& problem) {
        if (told_.insert(object + "\n" + problem).second) report_.gaps.push_back({kind, object, problem});
    }

    // What is damaged is a gap; the rest is still looked at.
    void attempt(const std::string& path, const std::function<void()>& step) {
        try {
            step();
        } catch (const base::Error& error) {
            const bool is_damage = error.kind() == base::ErrorKind::integrity;
            if (!is_damage) throw;
            find(GapKind::damage, error.object().empty() ? path : error.object(), error.reason());
        }
    }

    void audit_generation(std::uint64_t number) {
        const GenerationReader reader(filesystem_, "public", report_.repository, number);
        AuditedGeneration generation{number, reader.manifest_sha256(), reader.manifest().date, {}};
        audit_signatures(reader, generation);
        const std::string directory = store::layout::generation(report_.repository, number);
        for (const auto& part : store::manifest_parts(reader.manifest(), reader.sub_manifests()))
            check_file(part.path, part.sha256, part.size);
        for (const auto& sub_manifest : reader.sub_manifests()) {
            for (const auto& pointer : sub_manifest.pointers)
                check_file(directory + "/" + pointer.path, pointer.sha256, pointer.size);
            for (const auto* set : sub_manifest.all_sets()) {
                for (const auto& file : store::index_files(report_.repository, *set))
                    check_file(file.path, file.sha256, file.size);
            }
            for (const auto& set : sub_manifest.sets)
                attempt("public/" + directory, [&] { audit_set(reader, sub_manifest.format, set); });
        }
        report_.generations.push_back(std::move(generation));
    }

    void audit_signatures(const GenerationReader& reader, AuditedGeneration& generation) {
        const std::string name = fmt::format("{}@{}", report_.repository, generation.generation);
        const bool must_be_signed = context_.config.repository(report_.repository).sign == SignPolicy::key;
        if (!is_signed(reader)) {
            if (must_be_signed) find(GapKind::missing, name, "it is not signed");
            return;
        }
        const std::string directory =
            "public/" + store::layout::generation(report_.repository, generation.generation) + "/";
        std::set<std::string> signers;
        for (const auto& file : check_signatures(reader, verifier())) {
            if (!file.problem.empty()) {
                find(GapKind::damage, directory + file.path, file.problem);
                continue;
            }
            signers.insert(file.fingerprint);
            if (must_be_signed && !is_known_key(context_.config, file.fingerprint, file.signer))
                find(GapKind::missing, directory + file.path,
                     fmt::format("it is signed by {}, which is no key of this site", file.fingerprint));
        }
        generation.signed_by.assign(signers.begin(), signers.end());
    }

    // Chunks that an earlier generation has were looked at with that.
    void audit_set(const GenerationReader& reader, const std::string& format, const store::SetEntry& set) {
        const std::string place = fmt::format("{}\n{}\n{}\n", format, set.dist, set.component);
        for (const auto& chunk : reader.chunk_list(set)) {
            if (!seen_.insert(place + chunk.sha256).second) continue;
            attempt("public/" + store::layout::tree_part(report_.repository, chunk.sha256), [&] {
                for (const auto& record : reader.records(chunk)) {
                    if (seen_.insert(place + "package " + record.sha256).second)
                        audit_package(format, set, record, reader.manifest().generation);
                }
            });
        }
    }

    void audit_package(const std::string& format, const store::SetEntry& set, const store::Record& record,
                       std::uint64_t generation) {
        const auto files = store::pool_files(report_.repository, record);
        for (const auto& file : files) check_file(file.path, file.sha256, file.size);
        const Cause* cause = history_ == nullptr
                                 ? nullptr
                                 : history_->find(format, set.dist, set.component, record.sha256, generation);
        const std::string path = "public/" + files.front().path;
        if (history_ && cause == nullptr)
            find(GapKind::damage, path,
                 fmt::format("nothing in the history says who brought it into {}@{}", report_.repository,
                             generation));
        AuditedPackage package = packages_->run(format, set, record, path, cause);
        ++report_.packages;
        if (list_ == ListPackages::yes) report_.list.push_back(std::move(package));
    }

    void check_file(const std::string& path_below_public, const std::string& sha256, std::uint64_t size) {
        const std::string path = "public/" + path_below_public;
        if (!seen_.insert(path).second) return;
        if (const auto fault = proof_.fault(path, sha256, size); !fault.empty())
            find(GapKind::damage, path, fault);
    }

    signing::Verifier& verifier() {
        if (!verifier_) verifier_ = std::make_unique<signing::Verifier>(keys_);
        return *verifier_;
    }

    const PublishContext& context_;
    fs::Filesystem& filesystem_;
    const ListPackages list_;
    FileProof proof_;
    const std::vector<std::string> keys_;
    std::unique_ptr<signing::Verifier> verifier_;
    std::unique_ptr<LettingIn> history_;  // null: it cannot be read
    std::unique_ptr<PackageAudit> packages_;
    std::set<std::string> seen_;  // files, and chunks and packages by their place
    std::set<std::string> told_;
    AuditReport report_;
};

}  // namespace

const char* unsigned_proof_name(UnsignedProof proof) noexcept {
    switch (proof) {
        case UnsignedProof::by_bytes:
            return "bytes";
        case UnsignedProof::by_record:
            return "record";
        default:
            return "none";
    }
}

bool AuditReport::has(GapKind kind) const {
    return std::any_of(gaps.begin(), gaps.end(), [&](const AuditGap& gap) { return gap.kind == kind; });
}

AuditReport audit_repository(const PublishContext& context, const std::string& repository,
                             ListPackages list) {
    return Audit(context, repository, list).run();
}

}  // namespace repotool::publisher
