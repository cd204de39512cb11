// SPDX-License-Identifier: GPL-3.0-or-later
// The end of what a mirror needs no more: the site's own gc and purge, at work on the mirror's tree.
#pragma once

#include "core/store/site.hpp"
#include "sync/mirror/retention.hpp"

namespace repotool::sync {

// `site`: the mirror, looked at as a site (SiteView). Throws base::Error where nothing could be done at all.
Retired retire_on(store::Site& site, const RetireRequest& request);

}  // namespace repotool::sync
