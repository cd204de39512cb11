// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/rsync/rsync_layout.hpp"

#include "core/base/digest.hpp"
#include "sync/directory/mirror_journal.hpp"

namespace repotool::sync::rsync_layout {
namespace {

bool is_below(const std::string& path, const std::string& directory) {
    return path == directory || path.starts_with(directory + "/");
}

// .mirrorsync/<repository>/txn/<transaction>/{files,tree}
bool is_staging(const std::string& path) {
    constexpr std::string_view kTransactions = "/txn/";
    constexpr std::size_t kDigest = 64;
    for (auto at = path.find(kTransactions); at != std::string::npos; at = path.find(kTransactions, at + 1)) {
        const std::size_t id = at + kTransactions.size();
        if (path.size() <= id + kDigest || !base::is_sha256_hex(path.substr(id, kDigest))) continue;
        const std::string rest = path.substr(id + kDigest);
        return is_below(rest, "/files") || is_below(rest, "/tree");
    }
    return false;
}

// .mirrorsync/.site/trash/<waste name>/tree
bool is_trashed_tree(const std::string& path) {
    const std::string trash = std::string(mirror_layout::kSite) + "/trash/";
    if (!path.starts_with(trash)) return false;
    const auto end = path.find('/', trash.size());
    return end != std::string::npos && is_below(path.substr(end), "/tree");
}

}  // namespace

bool is_lock(const std::string& path) {
    return is_below(path, kLocks);
}

bool is_private(const std::string& path) {
    return is_below(path, mirror_layout::kPrivate);
}

bool is_local(const std::string& path) {
    return is_private(path) && (is_staging(path) || is_trashed_tree(path));
}

bool is_content(const std::string& path) {
    return path.starts_with("pool/") || path.starts_with("meta/");
}

bool is_head(const std::string& path) {
    return !is_private(path) && !is_content(path) && !path.starts_with("gen/");
}

}  // namespace repotool::sync::rsync_layout
