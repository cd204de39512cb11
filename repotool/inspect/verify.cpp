// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/inspect/verify.hpp"

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <set>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/head.hpp"
#include "core/store/layout.hpp"
#include "repotool/index/release_info.hpp"
#include "repotool/index/set_verification.hpp"
#include "repotool/inspect/generation_signatures.hpp"
#include "signing/rpm_signer.hpp"
#include "signing/verifier.hpp"

namespace repotool::publisher {
namespace {

using store::ContentFile;
using store::GenerationReader;
using store::SetEntry;
using store::SubManifest;

class Verification {
public:
    Verification(const GenerationReader& reader, const std::string& public_root, Depth depth,
                 VerifyReport& report)
        : reader_(reader),
          filesystem_(reader.filesystem()),
          public_root_(public_root),
          depth_(depth),
          report_(report) {}

    void run() {
        check_signatures();
        check_links();
        attempt("Release", [&] { report_.valid_until = valid_until(reader_); });
        for (const auto& sub_manifest : reader_.sub_manifests()) {
            for (const auto& pointer : sub_manifest.pointers)
                check_bytes(generation_path(pointer.path), pointer.sha256, pointer.size);
            for (const auto* set : sub_manifest.all_sets())
                attempt(set->dist, [&] { check_set(sub_manifest, *set); });
            if (depth_ != Depth::full) continue;
            attempt("Translation-en", [&] {
                verify_descriptions(reader_, sub_manifest,
                                    [this](const auto& path, const auto& problem) { find(path, problem); });
            });
        }
    }

private:
    std::string generation_path(const std::string& path) const {
        return store::layout::generation(report_.repository, report_.generation) + "/" + path;
    }
    void find(const std::string& path, const std::string& problem) {
        report_.findings.push_back({path, problem});
    }

    // A broken part is a finding; the rest is still looked at.
    void attempt(const std::string& path, const std::function<void()>& check) {
        try {
            check();
        } catch (const base::Error& error) {
            find(error.object().empty() ? path : error.object(), error.reason());
        }
    }

    bool check_size(const std::string& path, std::uint64_t size) {
        ++report_.files;
        const auto status = filesystem_.status(reader_.path_of(path));
        if (!status || status->kind != fs::Kind::file) {
            find(path, "expected a file, found " + std::string(status ? "something else" : "nothing"));
            return false;
        }
        if (status->size != size) find(path, fmt::format("expected {} bytes, found {}", size, status->size));
        return status->size == size;
    }

    void check_bytes(const std::string& path, const std::string& sha256, std::uint64_t size) {
        if (!check_size(path, size)) return;
        attempt(path, [&] {
            const std::string found = fs::digest_file(*filesystem_.open_read(reader_.path_of(path))).sha256;
            if (found != sha256) find(path, fmt::format("expected digest {}, found {}", sha256, found));
        });
    }

    void check_links() {
        const auto check = [&](const store::TreeLink& link, const std::string& path) {
            const auto target = filesystem_.read_link(reader_.path_of(path));
            if (target != link.target)
                find(path, fmt::format("expected a symlink to '{}', found {}", link.target,
                                       target ? "'" + *target + "'" : "none"));
        };
        for (const auto& link : store::generation_links(reader_.manifest(), reader_.sub_manifests()))
            check(link, generation_path(link.path));
        for (const auto& link : store::shared_links(report_.repository, reader_.sub_manifests()))
            check(link, link.path);
    }

    void check_signatures() {
        report_.is_signed = is_signed(reader_);
        if (!report_.is_signed) return;
        attempt("keys", [&] {
            signing::Verifier verifier(published_keys());
            for (const auto& file : publisher::check_signatures(reader_, verifier)) {
                if (!file.problem.empty()) find(generation_path(file.path), file.problem);
            }
        });
    }

    std::vector<std::string> published_keys() const {
        return publisher::published_keys(filesystem_, public_root_);
    }

    // The metadata that clients start from names each index as the manifest does.
    void check_listed(const SubManifest& sub_manifest, const SetEntry& set) {
        const bool deb = sub_manifest.format == "deb";
        const std::string path =
            deb ? fmt::format("dists/{}/Release", set.dist)
                : store::layout::pin_directory(set.dist, set.architecture) + "/repodata/repomd.xml";
        const std::string text = reader_.pointer_file(path).value_or("");
        for (const auto& index : set.indexes) {
            if (text.find(index.sha256) == std::string::npos)
                find(generation_path(path),
                     fmt::format("it does not list {} ({})", index.name, index.compression));
        }
        for (const auto& extra : set.extras) {
            if (text.find(extra.sha256) == std::string::npos)
                find(generation_path(path), fmt::format("it does not list {}", extra.type));
        }
    }

    void check_set(const SubManifest& sub_manifest, const SetEntry& set) {
        check_listed(sub_manifest, set);
        for (const auto& file : store::index_files(report_.repository, set))
            check_bytes(file.path, file.sha256, file.size);
        const store::ChunkList list = reader_.chunk_list(set);
        std::uint64_t count = 0;
        for (const auto& chunk : list) {
            const auto records = reader_.records(chunk);
            if (store::describe_chunk(chunk.sha256, records) != chunk)
                find(set.dist, fmt::format("its chunk list does not describe chunk {}", chunk.sha256));
            for (const auto& record : records) check_package(record);
            if (depth_ == Depth::full && report_.is_signed && sub_manifest.format == "rpm")
                check_package_signatures(records);
            count += records.size();
        }
        if (set.architecture != store::layout::kTranslations) report_.packages += count;
        if (count != set.packages)
            find(set.dist, fmt::format("expected {} packages, found {}", set.packages, count));
        if (depth_ != Depth::full) return;
        verify_set_indexes(reader_, set,
                           [this](const auto& path, const auto& problem) { find(path, problem); });
    }

    // dnf with gpgcheck=1 refuses what was published before the repository was signed.
    void check_package_signatures(const std::vector<store::Record>& records) {
        if (!package_verifier_)
            package_verifier_ = std::make_unique<signing::PackageVerifier>(published_keys());
        for (const auto& record : records) {
            const std::string path = store::pool_files(report_.repository, record)[0].path;
            if (!signatures_seen_.insert(path).second || !filesystem_.status(reader_.path_of(path))) continue;
            const auto verdict =
                package_verifier_->verify(fs::join_path(filesystem_.root(), reader_.path_of(path)));
            if (!verdict.good) find(path, verdict.reason);
        }
    }

    void check_package(const store::Record& record) {
        for (const ContentFile& file : store::pool_files(report_.repository, record)) {
            if (!seen_.insert(file.path).second) continue;  // noarch is in several sets
            depth_ == Depth::full ? check_bytes(file.path, file.sha256, file.size)
                                  : static_cast<void>(check_size(file.path, file.size));
        }
    }

    const GenerationReader& reader_;
    fs::Filesystem& filesystem_;
    const std::string& public_root_;
    Depth depth_;
    VerifyReport& report_;
    std::set<std::string> seen_;
    std::set<std::string> signatures_seen_;
    std::unique_ptr<signing::PackageVerifier> package_verifier_;  // made when it is asked for
};

}  // namespace

VerifyReport verify_generation(fs::Filesystem& filesystem, const std::string& public_root,
                               const std::string& reference, Depth depth) {
    VerifyReport report;
    const GenerationReader reader = store::open_generation(filesystem, public_root, reference);
    report.repository = reader.manifest().repository;
    report.generation = reader.manifest().generation;
    report.manifest_sha256 = reader.manifest_sha256();
    Verification(reader, public_root, depth, report).run();
    const auto current = store::make_symlink_head(filesystem, public_root, report.repository)->current();
    report.is_current = current == report.generation;
    return report;
}

}  // namespace repotool::publisher
