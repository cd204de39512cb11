// SPDX-License-Identifier: GPL-3.0-or-later
// Takes input files into a transaction's staging: copied while they are hashed, or adopted.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/digest.hpp"
#include "core/formats/model.hpp"
#include "core/fs/filesystem.hpp"
#include "core/store/transaction.hpp"
#include "repotool/ingest/inputs.hpp"

namespace repotool::publisher {

struct StagedInput {
    std::string path;  // relative to the site
    formats::Format format = formats::Format::deb;
    base::FileDigests digests;
};

// Several threads may take files at a time.
class InputCopier {
public:
    InputCopier(fs::Filesystem& filesystem, store::Transaction& transaction, Adopt adopt);

    // The format is told by the first bytes; .deb get all four digests, .rpm the one that they need. All
    // below throw base::Error (input) where the file is missing, no regular file, changed while it was read,
    // or not what the .changes or .dsc that lists it says.
    StagedInput take_package(const InputFile& input);
    // With all four digests. A file that is listed and missing is taken from what is published.
    StagedInput take_file(const InputFile& input);
    // Adopted files get back the modes that they had: nothing will be published.
    void give_back() noexcept;
    // Reads the file and keeps nothing.
    void check(const InputFile& input);

    // True where this file will take space on the site's disk.
    bool needs_space(const fs::Status& input) const;

private:
    StagedInput take(fs::File& source, const InputFile& input,
                     const std::vector<base::DigestAlgorithm>& algorithms);
    std::optional<StagedInput> take_published(const InputFile& input);
    bool adopt(fs::File& source, const InputFile& input, const std::string& staged_path);

    fs::Filesystem& filesystem_;
    store::Transaction& transaction_;
    Adopt adopt_;
    fs::Status site_;
    std::mutex mutex_;                                       // of those below
    std::vector<std::pair<std::string, unsigned>> adopted_;  // staged path, mode before
    bool has_warned_ = false;
};

}  // namespace repotool::publisher
