// SPDX-License-Identifier: GPL-3.0-or-later
// Collects what is wrong with the input files, so that one run shows all of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"

namespace repotool::publisher {

class Refusals {
public:
    explicit Refusals(base::ErrorKind kind = base::ErrorKind::input) : kind_(kind) {}
    // The first one is thrown in the end, and has the others as also().
    void add(const std::string& file, const std::string& reason, const std::string& hint = {});
    void add(const base::Error& error) { add(error.object(), error.reason(), error.hint()); }
    bool any() const noexcept { return first_.has_value(); }
    // Throws base::Error of the kind above.
    void throw_if_any() const;

private:
    base::ErrorKind kind_;
    std::optional<base::Error> first_;
    std::vector<std::string> others_;
};

}  // namespace repotool::publisher
