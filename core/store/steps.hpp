// SPDX-License-Identifier: GPL-3.0-or-later
// The finished steps of a run, kept in its transaction, each with the digest of what it produced, so that the
// same command goes on behind them after the run died (docs/FORMAT.md §10.3).
//
// Nothing here has to be durable: what a power cut took does not have its digest, and is done again.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"
#include "core/fs/filesystem.hpp"
#include "core/fs/tree.hpp"

namespace repotool::store {

// For how long after its beginning a dead run may be resumed.
inline constexpr base::UnixSeconds kResumableFor = 24 * 60 * 60;

// A step that is noted again takes the place of the earlier one.
void note_step(fs::Filesystem& filesystem, const std::string& transaction, const std::string& name,
               std::string_view body, fs::Durable durable);
// Names of the finished steps, in their order; whether what they left is whole, read_step() knows.
std::vector<std::string> list_steps(fs::Filesystem& filesystem, const std::string& transaction);
// Empty where there is none, or where its bytes are not those that were noted.
std::optional<std::string> read_step(fs::Filesystem& filesystem, const std::string& transaction,
                                     const std::string& name);

// The run that a transaction belongs to (docs/FORMAT.md §10); empty: to none that could be resumed.
std::string run_of(const std::string& transaction);
// When it began; 0 where its name does not say.
base::UnixSeconds beginning_of(const std::string& transaction);
// True for a run that has finished a step, is young enough and whose journal can be read. Whether its owner
// is dead is not asked.
bool is_resumable(fs::Filesystem& filesystem, const std::string& transaction, base::UnixSeconds now);
// True where nothing of it is below public/, nobody may be carrying out what it asked for, and its journal is
// whole.
bool is_settled(fs::Filesystem& filesystem, const std::string& transaction);

// Where staged files were, by their path below public/, of a transaction whose generation is staged.
using StagedPlaces = std::map<std::string, std::string>;
StagedPlaces staged_places(fs::Filesystem& filesystem, const std::string& transaction);
// The step after which commit() can go on.
inline constexpr const char* kStagedStep = "index";
// Its body: the first line says what was staged, in JSON; the rest is what Transaction::note_staged() was
// told.
struct StagedStep {
    std::string_view document, of;
};
StagedStep split_staged_step(std::string_view body);

}  // namespace repotool::store
