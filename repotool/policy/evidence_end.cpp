// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/policy/evidence_end.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;
using nlohmann::json;

constexpr const char* kName = "_end";  // no repository below this one can be called so
constexpr int kEndFormat = 1;
constexpr std::uint64_t kLargestEnd = std::uint64_t{64} << 10U;

}  // namespace

// One line of JSON, and what follows is its signature: one file, so that one rename replaces both.
std::optional<EvidenceEnd> read_evidence_end(fs::Filesystem& filesystem, const std::string& directory) {
    const std::string path = fs::join_path(directory, kName);
    if (!filesystem.status(path)) return std::nullopt;
    const std::string bytes = fs::read_file(filesystem, path, kLargestEnd);
    const std::size_t length = bytes.find('\n') + 1;  // 0 where there is no line
    try {
        EvidenceEnd end;
        end.text = bytes.substr(0, length);
        end.signature = bytes.substr(length);
        const json document = json::parse(end.text);
        if (document.at("format") != kEndFormat)
            throw Error(ErrorKind::integrity, "read", path, "it was written by a newer repotool");
        document.at("repository").get_to(end.repository);
        document.at("seq").get_to(end.sequence);
        document.at("record").get_to(end.record_sha256);
        return end;
    } catch (const json::exception& error) {
        throw Error(ErrorKind::integrity, "read", path, error.what());
    }
}

void write_evidence_end(fs::Filesystem& filesystem, const std::string& directory, EvidenceEnd end,
                        signing::Signer& signer) {
    const json document{{"format", kEndFormat},
                        {"repository", end.repository},
                        {"seq", end.sequence},
                        {"record", end.record_sha256}};
    const std::string text = document.dump() + "\n";
    fs::replace_file(filesystem, fs::join_path(directory, kName), text + signer.detach_sign(text), 0600);
}

bool is_evidence_end(const std::string& path) {
    return fs::base_name(path) == kName;
}

}  // namespace repotool::publisher
