// SPDX-License-Identifier: GPL-3.0-or-later
// What the steps of a run leave for the same command, should the run die, and how that finds it again: copies
// of inputs, parsed packages, signed packages, a staged generation (docs/FORMAT.md §10.3). Rules and gates
// are no part of it: they are asked again, since what they go by may have changed. Private to this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/store/transaction.hpp"
#include "repotool/index/generation_builder.hpp"
#include "repotool/index/index_builder.hpp"
#include "repotool/ingest/ingest.hpp"
#include "repotool/ingest/package_signing.hpp"
#include "repotool/packages/catalog.hpp"

namespace repotool::publisher {

// A step that took longer than this is worth a sync: the next run may come after a power cut.
inline constexpr std::int64_t kWorthASyncMs = 1000;

class RunSteps {
public:
    RunSteps(fs::Filesystem& filesystem, store::Transaction& transaction, Catalog& catalog)
        : filesystem_(filesystem), transaction_(transaction), catalog_(catalog) {}

    void note_ingested(const IngestedInputs& inputs, std::int64_t ms);
    // Every staged file hashed again. Empty where the step was not finished or something is not as it was.
    std::optional<IngestedInputs> ingested();

    void note_signed(const SignedCopies& copies, std::int64_t ms);
    SignedCopies signed_copies();

private:
    void note(const char* name, const std::string& body, std::int64_t ms);
    bool are_whole(const std::vector<store::StagedObject>& files) const;

    fs::Filesystem& filesystem_;
    store::Transaction& transaction_;
    Catalog& catalog_;
};

// A generation that was staged and checked, but not committed.
struct StagedRun {
    std::string selection;  // selection_digest()
    std::string parent;     // digest of the parent's MANIFEST; "" for none
    std::uint64_t generation = 0;
    base::UnixSeconds date = 0;
    std::string outcome;  // of the request, as JSON
};
std::string to_text(const StagedRun& run);
StagedRun staged_run_from(const std::string& text);

// Of all that the indexes are made of, but for the settings, which are part of the run's identity.
std::string selection_digest(const std::vector<SetPlan>& plans);

// After Transaction::restore_staged().
StagedGeneration read_staged(fs::Filesystem& filesystem, const store::Transaction& transaction,
                             const store::GenerationReader* parent);

}  // namespace repotool::publisher
