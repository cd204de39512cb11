// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/cli/describe.hpp"

#include "core/store/names.hpp"

namespace repotool::cli {

const char* set_kind_name(const store::SetEntry& set) {
    switch (store::set_kind(set.architecture)) {
        case store::SetKind::source:
            return "source";
        case store::SetKind::udeb:
            return "udeb";
        case store::SetKind::debug:
            return "debug";
        case store::SetKind::binary:
            break;
    }
    return "binary";
}

std::string set_text(const store::SetEntry& set) {
    const std::string machine = store::machine_architecture(set.architecture);
    switch (store::set_kind(set.architecture)) {
        case store::SetKind::udeb:
            return machine + " (installer)";
        case store::SetKind::debug:
            return machine + " (debug)";
        default:
            return machine;
    }
}

}  // namespace repotool::cli
