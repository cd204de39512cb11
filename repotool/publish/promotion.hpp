// SPDX-License-Identifier: GPL-3.0-or-later
// Promote from directories: publish what they hold, and after the flip, only then, move it aside.
#pragma once

#include <optional>
#include <vector>

#include "repotool/publish/publish.hpp"
#include "repotool/updates/move_journal.hpp"

namespace repotool::publisher {

struct Promotion {
    std::vector<ReadyDirectory> ready{};
    // The newest run of the same promote that was killed after its flip, of those that finish_pending_moves()
    // found.
    std::optional<FinishedPromote> dead{};
};

// publish(), and then the files of `ready` move to .promoted/<generation>/ of their directories; a dry run
// says where they would go. What could not be moved is in the result: it is published all the same. Throws as
// publish() does; then nothing was moved. Where nothing is left to do the answer is that of the dead run.
PublishResult promote(const PublishContext& context, PublishRequest request, const Promotion& promotion);

}  // namespace repotool::publisher
