// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/mirror/content.hpp"

#include "core/store/names.hpp"

namespace repotool::sync {

bool is_same(const base::FileDigests& found, const store::ContentFile& file) {
    return found.size == file.size && found.sha256 == file.sha256;
}

std::vector<std::string> key_names(const store::GenerationReader& source) {
    auto names = source.filesystem().list(source.path_of("keys"));
    std::erase_if(names, [](const std::string& name) {
        return !name.ends_with(".asc") || name.starts_with('.') || !store::is_safe_path(name);
    });
    return names;
}

}  // namespace repotool::sync
