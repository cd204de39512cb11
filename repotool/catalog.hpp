// SPDX-License-Identifier: GPL-3.0-or-later
// Parsed packages by the digest of their file: from this run, from records.db, or read again from the object.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/digest.hpp"
#include "core/formats/model.hpp"
#include "core/fs/filesystem.hpp"
#include "core/store/record_cache.hpp"

namespace repotool::publisher {

class Catalog {
public:
    // `spool_path`: a fresh path of the transaction; records of this run wait there until save(), so that a
    // refused publish leaves nothing in the cache and a large one needs little memory.
    Catalog(fs::Filesystem& filesystem, std::string spool_path);
    ~Catalog();

    // `body` is formats::to_json of the package.
    void add(const std::string& sha256, const std::string& body);
    // Throws base::Error (integrity) where the object is missing or cannot be read.
    formats::Package find(const std::string& sha256, formats::Format format);
    // Writes this run's records to records.db.
    void save();

    // Where the records of this run are: parts of one file, by digest.
    struct Place {
        std::uint64_t offset = 0;
        std::uint64_t length = 0;
    };
    const std::string& spool_path() const noexcept { return spool_path_; }
    const std::map<std::string, Place>& spooled() const noexcept { return spooled_; }

private:
    std::string read_object(const std::string& sha256, formats::Format format);
    store::RecordCache& cache();

    fs::Filesystem& filesystem_;
    std::string spool_path_;
    std::unique_ptr<fs::File> spool_;
    std::uint64_t spool_size_ = 0;
    std::map<std::string, Place> spooled_;
    std::unique_ptr<store::RecordCache> cache_;
};

// Parses package files in worker processes and hands each answer to `collect` in order. `path`: readable path
// of a private copy, with all digests that its format needs.
struct ParseJob {
    formats::Format format = formats::Format::deb;
    std::string path;
    base::FileDigests digests;
    std::string shown_as;
};
void parse_packages(const std::vector<ParseJob>& jobs,
                    const std::function<void(std::size_t, std::optional<std::string> body,
                                             const std::string& failure)>& collect);

}  // namespace repotool::publisher
