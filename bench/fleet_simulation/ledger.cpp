// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace repotool::simulation {

Ledger::Ledger(std::size_t mirrors, std::size_t required, Moment grace)
    : mirrors_(mirrors), required_(required), grace_(grace) {
    for (std::size_t i = 0; i < required; ++i) mirrors_[i].is_required = true;
}

void Ledger::violate(char invariant, Moment time, const std::string& what) {
    constexpr std::size_t kMostExamples = 60;
    ++violations_;
    ++by_invariant_[invariant];
    if (examples_.size() < kMostExamples)
        examples_.push_back(
            fmt::format("({}) at {:.3f} s: {}", invariant, static_cast<double>(time) / kSecond, what));
}

Ledger::Known& Ledger::known(Generation generation) {
    if (generation >= generations_.size()) generations_.resize(generation + kShared + 1);
    return generations_[generation];
}

bool Ledger::is_complete(const Mirror& mirror, Generation generation) const {
    return mirror.pieces.contains_all(oldest_piece(generation), generation);
}

template <typename Change>
void Ledger::seen_through(Mirror& mirror, Moment time, const Change& change) {
    const Generation before = mirror.is_in_use() ? mirror.current : 0;
    change();
    const Generation after = mirror.is_in_use() ? mirror.current : 0;
    if (before == after) return;
    if (before != 0) {
        Known& left = known(before);
        --left.shown_by;
        left.last_shown = std::max(left.last_shown, time);
    }
    if (after != 0) ++known(after).shown_by;
}

void Ledger::refuse_overtaken(const Actor& actor, const char* what) {
    const Mirror& mirror = mirrors_[actor.mirror];
    if (actor.process >= mirror.owner) return;  // a later one need not have had it, to mark the mirror
    violate('e', actor.time,
            fmt::format("coordinator {} {} mirror {}, where coordinator {} has taken over", actor.process,
                        what, actor.mirror, mirror.owner));
}

void Ledger::locked(const Actor& actor) {
    ++events_;
    mirrors_[actor.mirror].owner = actor.process;
}

void Ledger::placed(const Actor& actor, Generation piece) {
    ++events_;
    Mirror& mirror = mirrors_[actor.mirror];
    if (mirror.pieces.contains(piece)) return;
    known(newest_user(piece));
    mirror.pieces.insert(piece);
    if (!mirror.is_required) return;
    for (Generation user = piece; user <= newest_user(piece); ++user) {
        if (!is_complete(mirror, user)) continue;
        Known& generation = known(user);
        ++generation.holders;
        generation.last_complete = std::max(generation.last_complete, actor.time);
    }
}

void Ledger::removed(const Actor& actor, Generation piece) {
    ++events_;
    Mirror& mirror = mirrors_[actor.mirror];
    if (!mirror.pieces.contains(piece)) return;
    for (Generation user = piece; user <= newest_user(piece); ++user) {
        if (!is_complete(mirror, user)) continue;
        Known& generation = known(user);
        if (mirror.is_required) --generation.holders;
        if (generation.committed_at >= 0) refuse_overtaken(actor, "removes content from");
        check_grace(actor, user);
    }
    mirror.pieces.erase(piece);
    if (mirror.current != 0 && !is_complete(mirror, mirror.current))
        violate('a', actor.time,
                fmt::format("mirror {} shows generation {} without content {}", actor.mirror, mirror.current,
                            piece));
}

void Ledger::check_grace(const Actor& actor, Generation generation) {
    const Known& it = known(generation);
    const bool is_in_grace = it.last_shown >= 0 && actor.time < it.last_shown + grace_;
    if (!mirrors_[actor.mirror].is_in_use() || (it.shown_by == 0 && !is_in_grace)) return;
    violate(
        'g', actor.time,
        fmt::format("mirror {} loses what generation {} names, by coordinator {}; it shows {}; {} mirrors "
                    "show it, the last of others did at {:.3f} s",
                    actor.mirror, generation, actor.process, mirrors_[actor.mirror].current, it.shown_by,
                    static_cast<double>(it.last_shown) / kSecond));
}

void Ledger::flipped(const Actor& actor, Generation to, Flip kind) {
    ++events_;
    Mirror& mirror = mirrors_[actor.mirror];
    refuse_overtaken(actor, kind == Flip::back ? "takes back" : "flips");
    check_flip(actor, mirror, to, kind);
    seen_through(mirror, actor.time, [&] {
        mirror.current = to;
        mirror.flipped_at = actor.time;
        if (to >= newest_shown_) mirror.is_behind = false;
    });
    if (kind != Flip::final) return;
    newest_shown_ = std::max(newest_shown_, to);
    last_flip_ = std::max(last_flip_, actor.time);
}

void Ledger::check_flip(const Actor& actor, const Mirror& mirror, Generation to, Flip kind) {
    if (to != 0 && !is_complete(mirror, to))
        violate('a', actor.time,
                fmt::format("mirror {} flips to generation {} without its content", actor.mirror, to));
    const bool is_committed = known(mirror.current).committed_at >= 0;
    if (to < mirror.current && (kind != Flip::back || is_committed))
        violate('d', actor.time,
                fmt::format("mirror {} goes back from {} to {}", actor.mirror, mirror.current, to));
    if (kind == Flip::back) return;
    const Known& generation = known(to);
    if (kind == Flip::final && (generation.committed_at < 0 || generation.committed_at > actor.time))
        violate('b', actor.time,
                fmt::format("mirror {} flips to generation {}, which nobody committed", actor.mirror, to));
    // One that missed much catches up step by step, out of sight.
    if (to >= newest_shown_) check_placement(actor, to);
}

void Ledger::check_placement(const Actor& actor, Generation to) {
    const Known& generation = known(to);
    if (generation.holders == required_ && generation.last_complete <= actor.time) return;
    violate('b', actor.time,
            fmt::format("mirror {} flips to generation {}, whose content {} of {} required mirrors have, the "
                        "last since {:.3f} s",
                        actor.mirror, to, generation.holders, required_,
                        static_cast<double>(generation.last_complete) / kSecond));
}

void Ledger::kept_from_clients(const Actor& actor, bool is_kept) {
    ++events_;
    Mirror& mirror = mirrors_[actor.mirror];
    if (mirror.is_marked == is_kept) return;
    refuse_overtaken(actor, is_kept ? "keeps clients from" : "sends clients to");
    if (!is_kept && mirror.current != newest_shown_)
        violate('f', actor.time,
                fmt::format("mirror {} comes back with generation {}, the fleet has {}", actor.mirror,
                            mirror.current, newest_shown_));
    seen_through(mirror, actor.time, [&] { mirror.is_marked = is_kept; });
}

void Ledger::committed(Generation generation, Moment time) {
    ++events_;
    Known& it = known(generation);
    if (it.committed_at < 0) it.committed_at = time;
}

void Ledger::died(std::size_t mirror, Moment time) {
    Mirror& it = mirrors_[mirror];
    seen_through(it, time, [&] { it.is_dead = true; });
}

void Ledger::revived(std::size_t mirror, Moment time) {
    Mirror& it = mirrors_[mirror];
    seen_through(it, time, [&] {
        it.is_dead = false;
        it.is_behind = it.current < newest_shown_;
    });
}

void Ledger::run_ended() {
    for (auto& mirror : mirrors_) {
        if (mirror.is_in_use() && mirror.current < newest_shown_)
            seen_through(mirror, last_flip_, [&] { mirror.is_behind = true; });
    }
}

void Ledger::settled(Moment time) {
    for (std::size_t i = 0; i < required_; ++i) {
        if (mirrors_[i].current == newest_shown_) continue;
        violate('c', time,
                fmt::format("required mirror {} serves generation {} after recovery, others do {}", i,
                            mirrors_[i].current, newest_shown_));
        return;
    }
}

}  // namespace repotool::simulation
