// SPDX-License-Identifier: GPL-3.0-or-later
// Step 1 of a publish: private, hashed, parsed copies of the input files (architecture.md §6). Takes no lock.
// Input files are never changed, and nothing outside the transaction's staging is.
#pragma once

#include <string>
#include <vector>

#include "core/formats/model.hpp"
#include "core/fs/filesystem.hpp"
#include "core/store/transaction.hpp"
#include "repotool/candidate.hpp"
#include "repotool/catalog.hpp"
#include "repotool/inputs.hpp"

namespace repotool::publisher {

struct Ingested {
    formats::Package package;  // without the text of its indexes: the catalog has that
    std::string staged_path;   // relative to the site
    std::vector<std::string>
        staged_files;    // likewise: the other files of a source package, as in package.files
    std::string origin;  // the input file
    std::string dist;    // Distribution of its .changes; may be empty
};

struct IngestedInputs {
    std::vector<Ingested> packages;
    std::vector<ExtraCandidate> extras;  // without their dist
};

// Throws base::Error (input) for the first file that is broken, hostile, not a regular file or changed while
// it was read; all such files are reported with base::info first. Throws base::Error (storage) before copying
// when space is short.
IngestedInputs ingest(fs::Filesystem& filesystem, store::Transaction& transaction, Catalog& catalog,
                      const Inputs& inputs);

}  // namespace repotool::publisher
