// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/promotion.hpp"

#include "core/store/head.hpp"
#include "repotool/publish/finished_promote.hpp"
#include "repotool/updates/move_journal.hpp"

namespace repotool::publisher {

PublishResult promote(const PublishContext& context, PublishRequest request, const Promotion& promotion) {
    const auto& ready = promotion.ready;
    if (request.dry_run == DryRun::yes) {
        PublishResult result = publish(context, request);
        result.moves = plan_moves(ready, result.generation);
        return result;
    }
    if (ready.empty()) {
        PublishResult result = publish(context, request);
        if (promotion.dead) answer_for(*promotion.dead, context, result);
        return result;
    }
    fs::Filesystem& filesystem = context.site.filesystem();
    const auto parent = store::make_symlink_head(filesystem, "public", request.repository)->current();
    // 1. What will be moved, durable before anything is published.
    MoveJournal journal(filesystem, request.repository, parent.value_or(0), ready);
    // 2. Publish. The history record of the flip names the journal.
    request.meta[kMoveKey] = journal.id();
    PublishResult result = publish(context, request);
    // 3. From here on whoever comes finishes the moves.
    journal.published(result.generation);
    result.moves = move_promoted(ready, result.generation);
    if (!result.moves.failure) journal.finish();
    return result;
}

}  // namespace repotool::publisher
