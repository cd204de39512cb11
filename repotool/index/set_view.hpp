// SPDX-License-Identifier: GPL-3.0-or-later
// The records of a package set, as the parent generation has it or as a plan makes it; chunks are read when
// they are needed. And what is different between the two.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/store/generation_reader.hpp"
#include "repotool/index/index_builder.hpp"

namespace repotool::publisher {

class SetView {
public:
    // Of the parent. `set` may be null: an empty set.
    SetView(const store::GenerationReader* parent, const store::SetEntry* set);
    // As `plan` makes it; the plan outlives the view.
    SetView(const store::GenerationReader* parent, const SetPlan& plan);

    void for_each(const std::function<void(const store::Record&)>& visit);
    // All versions and architectures of this name, in the set's order.
    std::vector<store::Record> named(const std::string& name);
    bool contains(const std::string& key);

private:
    const std::vector<store::Record>& records(std::size_t chunk);

    const store::GenerationReader* parent_;
    const SetPlan* plan_ = nullptr;
    store::ChunkList chunks_;
    std::size_t loaded_;  // place of the chunk that is in `read_`
    std::vector<store::Record> read_;
};

// In the order of their keys. A record that changed is in both.
struct SetChanges {
    std::vector<store::Record> added;
    std::vector<store::Record> removed;
};
// Reads the chunks of the parent that the plan does without.
SetChanges changes_of(const SetPlan& plan, const store::GenerationReader* parent);

}  // namespace repotool::publisher
