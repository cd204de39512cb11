// SPDX-License-Identifier: GPL-3.0-or-later
// Step 1 of a publish: private, hashed, parsed copies of the input files (architecture.md §6). Takes no lock.
// The content of input files is never changed, and nothing outside the transaction's staging is (adopted
// inputs get mode 0444).
#pragma once

#include <string>
#include <vector>

#include "core/formats/model.hpp"
#include "core/fs/filesystem.hpp"
#include "core/store/transaction.hpp"
#include "repotool/ingest/input_copier.hpp"
#include "repotool/ingest/inputs.hpp"
#include "repotool/ingest/uploaders.hpp"
#include "repotool/packages/candidate.hpp"
#include "repotool/packages/catalog.hpp"

namespace repotool::publisher {

struct Ingested {
    formats::Package package;  // without the text of its indexes: the catalog has that
    std::string staged_path;   // relative to the site
    std::vector<std::string>
        staged_files;           // likewise: the other files of a source package, as in package.files
    std::string origin;         // the input file
    std::string dist;           // Distribution of its .changes; may be empty
    bool is_candidate = false;  // as InputFile has it
};

struct IngestedInputs {
    std::vector<Ingested> packages;
    std::vector<ExtraCandidate> extras;  // without their dist
};

// What publish.cpp passes:
//   {read_uploader_keys(filesystem.root(), config.repository(name)),
//    config.metadata.contents ? Contents::list : Contents::leave_out, --adopt ? Adopt::yes : Adopt::no}
struct IngestOptions {
    UploaderKeys uploaders{};  // without public keys: files need no signature
    Contents contents = Contents::leave_out;
    Adopt adopt = Adopt::no;
};

// Throws base::Error (input) for the first file that is missing, broken, hostile, not a regular file, changed
// while it was read, or not what its .changes or .dsc says; all such files are in its
// also(). Throws base::Error (policy) for the first that no uploader signed, likewise. Throws base::Error
// (storage) before copying when space is short.
IngestedInputs ingest(fs::Filesystem& filesystem, store::Transaction& transaction, Catalog& catalog,
                      const Inputs& inputs, const IngestOptions& options = {});

}  // namespace repotool::publisher
