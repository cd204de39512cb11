// SPDX-License-Identifier: GPL-3.0-or-later
// A promote that was killed after its flip, started again: by then its files are moved and there is nothing
// left to promote, and whoever asks wants to know what became of them. Private to this folder.
#pragma once

#include "repotool/publish/publish.hpp"
#include "repotool/updates/move_journal.hpp"

namespace repotool::publisher {

// Makes `result`, of a run that changed nothing, the answer that the dead run owes: generation, packages,
// moves. Leaves it alone where others have published since: then it says what is there.
void answer_for(const FinishedPromote& dead, const PublishContext& context, PublishResult& result);

}  // namespace repotool::publisher
