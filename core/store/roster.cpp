// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/roster.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"
#include "core/store/names.hpp"

namespace repotool::store {

std::vector<std::uint64_t> list_generations(fs::Filesystem& filesystem, const std::string& public_root,
                                            const std::string& repository) {
    std::vector<std::uint64_t> numbers;
    for (const auto& name : filesystem.list(fs::join_path(public_root, layout::generations(repository)))) {
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        try {
            numbers.push_back(parse_generation(name));
        } catch (const base::Error&) {
            continue;  // "007": nobody's generation
        }
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

}  // namespace repotool::store
