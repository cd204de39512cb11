// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/upkeep/file_proof.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"

namespace repotool::publisher {
namespace {

std::string kind_fault(const std::optional<fs::Status>& status) {
    if (!status) return "it is not there";
    return status->kind == fs::Kind::file ? "" : "it is no file";
}

}  // namespace

// Device and inode alone are not enough: a file that is replaced while we run may get the same number.
const std::string& FileProof::digest(const std::string& path, const fs::Status& status) {
    const Identity identity{status.device, status.inode, status.mtime_ns, status.size};
    const auto [known, is_new] = digests_.try_emplace(identity);
    if (is_new) {
        ++files_;
        known->second = fs::digest_file(*filesystem_.open_read(path)).sha256;
    }
    return known->second;
}

std::string FileProof::fault(const std::string& path, const std::string& sha256, std::uint64_t size) {
    const auto status = filesystem_.status(path);
    if (auto fault = kind_fault(status); !fault.empty()) return fault;
    if (status->size != size) return fmt::format("expected {} bytes, found {}", size, status->size);
    return fault(path, sha256);
}

std::string FileProof::fault(const std::string& path, const std::string& sha256) {
    try {
        const auto status = filesystem_.status(path);
        if (auto fault = kind_fault(status); !fault.empty()) return fault;
        const std::string& found = digest(path, *status);
        return found == sha256 ? "" : fmt::format("expected digest {}, found {}", sha256, found);
    } catch (const base::SystemError& error) {
        return error.reason();  // a disk that cannot read it any more
    }
}

}  // namespace repotool::publisher
