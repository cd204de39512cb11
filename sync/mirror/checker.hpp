// SPDX-License-Identifier: GPL-3.0-or-later
// A look at a mirror through its own web server, as its clients have it: permissions, symlink rules, caches
// and redirects are only seen from there.
#pragma once

#include "sync/mirror/mirror.hpp"

namespace repotool::sync {

class Checker {
public:
    virtual ~Checker() = default;
    // Before the flip: the generation at its own address, and `sent`, what was brought for it. Throws
    // base::Error (network) that names the address, Cancelled where `request.stop` is asked for.
    virtual void check_staged(const StageRequest& request, const Transferred& sent) = 0;
    // After it: what clients ask for leads to this generation.
    virtual void check_live(const StageRequest& request) = 0;
};

}  // namespace repotool::sync
