// SPDX-License-Identifier: GPL-3.0-or-later
// What packages need and offer, as the indexes of both formats say it to clients.
#pragma once

#include <string>
#include <vector>

namespace repotool::formats {

// A package, or what several packages may offer, in some of its versions.
struct Relation {
    std::string name;
    std::string operation;  // <, <=, =, >= or >; empty: in any version
    std::string version;    // as the format writes it whole: [epoch:]version[-release]
};

struct PackageRelations {
    std::string name, version, architecture;
    std::vector<Relation> offers;              // beside itself; RPM: files, too
    std::vector<std::vector<Relation>> needs;  // of each, one is enough
};

}  // namespace repotool::formats
