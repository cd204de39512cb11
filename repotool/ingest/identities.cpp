// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/ingest/identities.hpp"

#include "core/fs/external.hpp"
#include "core/fs/tree.hpp"

namespace repotool::publisher {

std::string Identities::of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    auto [known, is_new] = directories_.try_emplace(parent);
    if (is_new) known->second = fs::absolute_path(parent);
    return fs::join_path(known->second, fs::base_name(path));
}

}  // namespace repotool::publisher
