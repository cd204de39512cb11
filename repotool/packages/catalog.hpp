// SPDX-License-Identifier: GPL-3.0-or-later
// Parsed packages by the digest of their file: from this run, from records.db, or read again from the object.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/formats/model.hpp"
#include "core/fs/filesystem.hpp"
#include "core/store/record.hpp"
#include "core/store/record_cache.hpp"
#include "repotool/packages/parse_packages.hpp"

namespace repotool::publisher {

// What the caller reads of a package: `contents` has index["Contents"] of each binary .deb, too. A record
// that was made without it is made again from the object.
enum class Needs { index, contents };

class Catalog {
public:
    // `spool_path`: a fresh path of the transaction; records of this run wait there until save(), so that a
    // refused publish leaves nothing in the cache and a large one needs little memory.
    Catalog(fs::Filesystem& filesystem, std::string spool_path);
    ~Catalog();

    // `body` is formats::to_bytes of the package.
    void add(const std::string& sha256, const std::string& body);
    // Throws base::Error (integrity) where the object is missing or cannot be read.
    formats::Package find(const std::string& sha256, formats::Format format, Needs needs = Needs::index);
    // Parses those of one format that find() would have to, side by side. It starts processes and find() does
    // not need to afterwards: call it before starting threads. Throws likewise.
    void prepare(const std::vector<store::Record>& records, formats::Format format);
    // Writes this run's records to records.db.
    void save();

    // Where the records of this run are: parts of one file, by digest.
    struct Place {
        std::uint64_t offset = 0;
        std::uint64_t length = 0;
        std::uint64_t checksum = 0;  // checksum64() of it
    };
    const std::string& spool_path() const noexcept { return spool_path_; }
    // Adds the records at these places of another run's spool. False, and some of them added, where one is
    // not as it was.
    bool add_from(const std::string& spool_path, const std::map<std::string, Place>& places);
    // The records of this run are durable on return.
    void sync();
    const std::map<std::string, Place>& spooled() const noexcept { return spooled_; }

private:
    std::optional<std::string> find_record(const std::string& sha256);
    std::string read_object(const std::string& sha256, formats::Format format, Needs needs);
    ParseJob parse_job(const std::string& sha256, formats::Format format, Needs needs);
    base::FileDigests digests_of(const std::string& sha256, fs::File& object);
    std::map<std::string, base::FileDigests> source_files(const std::string& sha256, fs::File& control);
    store::RecordCache& cache();

    fs::Filesystem& filesystem_;
    std::string spool_path_;
    std::unique_ptr<fs::File> spool_;
    std::uint64_t spool_size_ = 0;
    std::map<std::string, Place> spooled_;
    std::unique_ptr<store::RecordCache> cache_;
};

}  // namespace repotool::publisher
