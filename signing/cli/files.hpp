// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that reposign does to files, on top of core/fs.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace repotool::signing::cli {

// The site that repotool would take: `named`, else the nearest directory upwards with a repotool.yaml, else
// ./site when it is one. Empty when there is none.
std::string find_site(const std::string& named);
std::string home_of_site(const std::string& site);
// Makes SITE (0755) and SITE/private (0700) where they are missing.
void prepare_site(const std::string& site);

bool is_directory(const std::string& path);
bool is_file(const std::string& path);
// Names in a directory, sorted.
std::vector<std::string> list(const std::string& directory);
std::string join(const std::string& directory, std::string_view name);

// A whole metadata file or keyring. Throws base::Error.
std::string read_text(const std::string& path);
// Readers see the old or the whole new file.
void write_text(const std::string& path, std::string_view bytes);

// Gives `change` private copies of `paths`, each beside its original, and then renames those that it changed,
// which it tells, over the originals, durably. When `change` throws, the originals are as they were. Returns
// which were replaced.
std::vector<bool> replace_with_changed_copies(
    const std::vector<std::string>& paths,
    const std::function<std::vector<bool>(const std::vector<std::string>&)>& change);

}  // namespace repotool::signing::cli
