// SPDX-License-Identifier: GPL-3.0-or-later
// A checker that asks the mirror's web server for what a client would ask for, and compares it with what the
// source says: everything small by its digest, packages by their length.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sync/mirror/checker.hpp"

namespace repotool::sync {

struct HttpCheckOptions {
    std::string check;                   // address of the mirror's root
    std::string url{};                   // the one that its mirrorlist files should name; "": it has none
    std::vector<std::string> formats{};  // that the mirror carries; empty: all
};

std::unique_ptr<Checker> make_http_checker(HttpCheckOptions options);

}  // namespace repotool::sync
