// SPDX-License-Identifier: GPL-3.0-or-later
// Who sees what, where and when: told by the mirrors and by the coordinator's disk of each change that they
// make, it proves the invariants of a fleet without asking the coordinator.
//
//  a  No name is visible on a mirror whose content is not there.
//  b  No mirror flips to a generation before the commit is durable (a canary excepted) and its content is
//     readable on all required mirrors.
//  c  After recovery with every mirror within reach, all required mirrors serve the newest generation that
//  any
//     mirror flipped to for good.
//  d  No mirror goes back, but for a canary whose transaction nobody has committed.
//  e  A coordinator changes nothing that clients see where another one has had the lock since it had it.
//  f  A mirror that was kept from clients comes back only with the newest generation that the fleet shows.
//  g  Content that clients may ask for stays for the grace after the last mirror in use stopped naming it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "generations.hpp"
#include "virtual_time.hpp"

namespace repotool::simulation {

class Ledger {
public:
    // The first `required` mirrors are required.
    Ledger(std::size_t mirrors, std::size_t required, Moment grace);

    struct Actor {
        std::size_t mirror = 0;
        std::uint64_t process = 0;  // number of the coordinator that wanted it
        Moment time = 0;
    };
    void locked(const Actor& actor);
    void placed(const Actor& actor, Generation piece);
    void removed(const Actor& actor, Generation piece);
    enum class Flip { final, canary, back };
    void flipped(const Actor& actor, Generation to, Flip kind);
    void kept_from_clients(const Actor& actor, bool is_kept);
    void committed(Generation generation, Moment time);
    // Of the mirror's host: nobody can ask it.
    void died(std::size_t mirror, Moment time);
    void revived(std::size_t mirror, Moment time);
    // Of a coordinator that was neither killed nor overtaken: a mirror that has missed its commit is out of
    // step with the fleet from the last flip on, and grace counts for those that are in step.
    void run_ended();
    // (c): recovery is over, and every mirror was within reach.
    void settled(Moment time);

    Generation current(std::size_t mirror) const { return mirrors_[mirror].current; }
    // The newest that any mirror flipped to for good.
    Generation newest_shown() const { return newest_shown_; }
    Moment flipped_at(std::size_t mirror) const { return mirrors_[mirror].flipped_at; }
    std::uint64_t events() const { return events_; }
    std::uint64_t violations() const { return violations_; }
    // How many of each kind, and the first few in full.
    const std::map<char, std::uint64_t>& by_invariant() const { return by_invariant_; }
    const std::vector<std::string>& examples() const { return examples_; }
    void violate(char invariant, Moment time, const std::string& what);

private:
    struct Mirror {
        Generation current = 0;
        Moment flipped_at = 0;
        NumberSet pieces;
        std::uint64_t owner = 0;  // the last one that drew a ticket
        bool is_required = false;
        bool is_marked = false;  // .not-ready
        bool is_dead = false;
        bool is_behind = false;  // it missed a commit, and nobody could mark it
        bool is_in_use() const { return !is_marked && !is_dead && !is_behind; }
    };
    struct Known {
        std::size_t holders = 0;   // required mirrors on which all that it names is there
        Moment last_complete = 0;  // when the last of them became so
        std::size_t shown_by = 0;  // mirrors in use that name it
        Moment last_shown = -1;    // when the last of them stopped; -1: nobody ever saw it
        Moment committed_at = -1;
    };
    bool is_complete(const Mirror& mirror, Generation generation) const;
    Known& known(Generation generation);
    void refuse_overtaken(const Actor& actor, const char* what);
    void check_flip(const Actor& actor, const Mirror& mirror, Generation to, Flip kind);
    void check_grace(const Actor& actor, Generation generation);
    void check_placement(const Actor& actor, Generation to);
    // Runs `change` on a mirror, and notes who is seen through it before and after.
    template <typename Change>
    void seen_through(Mirror& mirror, Moment time, const Change& change);

    std::vector<Mirror> mirrors_;
    std::size_t required_;
    Moment grace_;
    std::vector<Known> generations_;
    Generation newest_shown_ = 0;
    Moment last_flip_ = 0;
    std::uint64_t events_ = 0;
    std::uint64_t violations_ = 0;
    std::map<char, std::uint64_t> by_invariant_;
    std::vector<std::string> examples_;
};

}  // namespace repotool::simulation
