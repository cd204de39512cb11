// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/rpm/version.hpp"

#include <rpm/rpmver.h>

#include <memory>
#include <string>
#include <type_traits>

namespace repotool::formats::rpm {
namespace {

struct Free {
    void operator()(rpmver version) const { rpmverFree(version); }
};
using Version = std::unique_ptr<std::remove_pointer_t<rpmver>, Free>;

// Null for an empty text only.
Version parse(std::string_view text) {
    return Version(rpmverParse(std::string(text).c_str()));
}

}  // namespace

int compare_versions(std::string_view a, std::string_view b) {
    const Version first = parse(a);
    const Version second = parse(b);
    if (!first || !second) return static_cast<int>(first != nullptr) - static_cast<int>(second != nullptr);
    return rpmverCmp(first.get(), second.get());
}

}  // namespace repotool::formats::rpm
