// SPDX-License-Identifier: GPL-3.0-or-later
// A look at a mirror through its own web server, as its clients have it: permissions, symlink rules, caches
// and redirects are only seen from there.
#pragma once

#include "sync/mirror/mirror.hpp"

namespace repotool::sync {

class Checker {
public:
    virtual ~Checker() = default;
    // Before the flip: the generation at its own address, and what a mirror lacked of it that served
    // `before` (empty: everything). The source alone says what that is: a mirror that lies about what it
    // brought is looked at no less. Throws base::Error (network) that names the address, Cancelled where
    // `request.stop` is asked for.
    virtual void check_staged(const StageRequest& request, const std::optional<Version>& before) = 0;
    // After it: what clients ask for leads to this generation.
    virtual void check_live(const StageRequest& request) = 0;
};

}  // namespace repotool::sync
