// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/inspect/generation_signatures.hpp"

#include <algorithm>

#include "core/fs/tree.hpp"

namespace repotool::publisher {
namespace {

constexpr std::uint64_t kLargestKey = std::uint64_t{1} << 20U;
constexpr const char* kManifestSignature = "MANIFEST.asc";

bool holds_signature(const std::string& path) {
    return path.ends_with(".asc") || path.ends_with(".gpg") || path.ends_with("/InRelease");
}

class Check {
public:
    Check(const store::GenerationReader& generation, signing::Verifier& verifier)
        : generation_(generation), verifier_(verifier) {}

    std::vector<SignedFile> run() {
        const auto signature = generation_.pointer_file(kManifestSignature);
        if (signature)
            judge(kManifestSignature, verifier_.check_detached(generation_.manifest_text(), *signature));
        else
            files_.push_back(
                {kManifestSignature, "", "", "it is not there, although the repository is signed"});
        for (const auto& sub_manifest : generation_.sub_manifests()) {
            for (const auto& pointer : sub_manifest.pointers) check(pointer.path);
        }
        return std::move(files_);
    }

private:
    void check(const std::string& path) {
        const std::string bytes = generation_.pointer_file(path).value_or("");
        const std::string directory = fs::parent_path(path);
        const auto sibling = [&](const char* name) {
            return generation_.pointer_file(directory + "/" + name).value_or("");
        };
        if (path.ends_with("/Release.gpg")) judge(path, verifier_.check_detached(sibling("Release"), bytes));
        if (path.ends_with("/repomd.xml.asc"))
            judge(path, verifier_.check_detached(sibling("repomd.xml"), bytes));
        if (!path.ends_with("/InRelease")) return;
        std::string text;
        judge(path, verifier_.check_clear_signed(bytes, text));
        if (text != sibling("Release"))
            files_.push_back({path, "", "", "it signs other bytes than Release holds"});
    }

    void judge(const std::string& path, const signing::Verdict& verdict) {
        files_.push_back({path, verdict.fingerprint, verdict.signer, verdict.good ? "" : verdict.reason});
    }

    const store::GenerationReader& generation_;
    signing::Verifier& verifier_;
    std::vector<SignedFile> files_;
};

}  // namespace

bool is_signed(const store::GenerationReader& generation) {
    if (generation.pointer_file(kManifestSignature)) return true;
    return std::any_of(generation.sub_manifests().begin(), generation.sub_manifests().end(),
                       [](const store::SubManifest& sub_manifest) {
                           return std::any_of(
                               sub_manifest.pointers.begin(), sub_manifest.pointers.end(),
                               [](const auto& pointer) { return holds_signature(pointer.path); });
                       });
}

std::vector<SignedFile> check_signatures(const store::GenerationReader& generation,
                                         signing::Verifier& verifier) {
    return Check(generation, verifier).run();
}

std::vector<std::string> published_keys(fs::Filesystem& filesystem, const std::string& public_root) {
    std::vector<std::string> keys;
    const std::string directory = fs::join_path(public_root, "keys");
    for (const auto& name : filesystem.list(directory))
        keys.push_back(fs::read_file(filesystem, fs::join_path(directory, name), kLargestKey));
    return keys;
}

}  // namespace repotool::publisher
