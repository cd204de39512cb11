// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/earlier_signatures.hpp"

#include <algorithm>

#include "core/base/digest.hpp"
#include "core/fs/tree.hpp"

namespace repotool::publisher {
namespace {

// What a detached signature is of; empty for any other file.
std::string signed_file(const std::string& path) {
    constexpr std::string_view kArmor = ".asc", kGpg = ".gpg";
    for (const auto suffix : {kArmor, kGpg}) {
        if (path.ends_with(suffix)) return path.substr(0, path.size() - suffix.size());
    }
    return {};
}

}  // namespace

EarlierSignatures::EarlierSignatures(fs::Filesystem& filesystem, const std::string& directory,
                                     signing::Signer& signer)
    : signer_(signer) {
    const auto add = [&](Signatures& signatures, const std::string& of, const std::string& path) {
        if (filesystem.status(of))
            signatures[base::sha256_hex(fs::read_file(filesystem, of))] = fs::read_file(filesystem, path);
    };
    fs::walk(filesystem, directory, [&](const std::string& path, const fs::Status& status) {
        if (status.kind != fs::Kind::file) return;
        if (const std::string of = signed_file(path); !of.empty()) return add(detached_, of, path);
        if (fs::base_name(path) == "InRelease") add(clear_, fs::parent_path(path) + "/Release", path);
    });
}

template <typename IsGood>
std::optional<std::string> EarlierSignatures::find(const Signatures& signatures, std::string_view text,
                                                   IsGood is_good) {
    const auto found = signatures.find(base::sha256_hex(text));
    if (found == signatures.end()) return std::nullopt;
    if (verifiers_.empty()) {
        for (const auto& key : signer_.public_keys())
            verifiers_.push_back(std::make_unique<signing::Verifier>(std::vector<std::string>{key.armored}));
    }
    const bool is_of_all = std::all_of(verifiers_.begin(), verifiers_.end(), [&](const auto& verifier) {
        return is_good(*verifier, found->second);
    });
    return is_of_all ? std::optional(found->second) : std::nullopt;
}

std::string EarlierSignatures::detach_sign(std::string_view bytes) {
    const auto is_good = [&](signing::Verifier& verifier, const std::string& signature) {
        return verifier.check_detached(bytes, signature).good;
    };
    if (auto earlier = find(detached_, bytes, is_good)) return std::move(*earlier);
    return signer_.detach_sign(bytes);
}

std::string EarlierSignatures::clear_sign(std::string_view text) {
    const auto is_good = [&](signing::Verifier& verifier, const std::string& message) {
        std::string covered;
        return verifier.check_clear_signed(message, covered).good && covered == text;
    };
    if (auto earlier = find(clear_, text, is_good)) return std::move(*earlier);
    return signer_.clear_sign(text);
}

std::optional<base::UnixSeconds> date_of_tree(fs::Filesystem& filesystem, const std::string& directory) {
    std::optional<base::UnixSeconds> date;
    fs::walk(filesystem, directory, [&](const std::string&, const fs::Status& status) {
        // One that was being written has not got it yet.
        if (status.kind == fs::Kind::file) date = std::min(status.mtime, date.value_or(status.mtime));
    });
    return date;
}

}  // namespace repotool::publisher
