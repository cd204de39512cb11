// SPDX-License-Identifier: GPL-3.0-or-later
// Promote from directories: publish what they hold, and after the flip, only then, move it aside.
#pragma once

#include "repotool/publish/publish.hpp"

namespace repotool::publisher {

// publish(), and then the files of `ready` move to .promoted/<generation>/ of their directories; a dry run
// says where they would go. What could not be moved is in the result: it is published all the same. Throws as
// publish() does; then nothing was moved.
PublishResult promote(const PublishContext& context, PublishRequest request,
                      const std::vector<ReadyDirectory>& ready);

}  // namespace repotool::publisher
