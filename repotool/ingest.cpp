// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/ingest.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/fs/external.hpp"
#include "core/fs/tree.hpp"
#include "core/store/sync_batch.hpp"

namespace repotool::publisher {
namespace {

using base::DigestAlgorithm;
using base::Error;
using base::ErrorKind;

constexpr std::size_t kBufferSize = std::size_t{256} << 10U;
constexpr std::string_view kDebMagic = "!<arch>\n";
constexpr std::string_view kRpmMagic = "\xed\xab\xee\xdb";

struct Copied {
    ParseJob job;
    std::string staged_path;
};

formats::Format detect_format(fs::File& file, const std::string& name) {
    std::string head(kDebMagic.size(), '\0');
    head.resize(file.read_at(head, 0));
    if (head.starts_with(kDebMagic)) return formats::Format::deb;
    if (head.starts_with(kRpmMagic)) return formats::Format::rpm;
    throw Error(ErrorKind::input, "read package", name,
                head.empty() ? "the file is empty" : "it is neither a .deb nor an .rpm file");
}

bool is_same_file_state(const fs::Status& a, const fs::Status& b) {
    return a.size == b.size && a.mtime_ns == b.mtime_ns && a.ctime_ns == b.ctime_ns && a.inode == b.inode;
}

// Copies and hashes in one pass. The parser will see the copy, so nobody can change what was hashed.
Copied copy_in(fs::Filesystem& filesystem, store::Transaction& transaction, const std::string& name) {
    const auto source = fs::open_external(name);
    const fs::Status before = source->status();
    Copied copied;
    copied.job.format = detect_format(*source, name);
    copied.job.shown_as = name;
    copied.staged_path = transaction.fresh_path();
    const bool is_deb = copied.job.format == formats::Format::deb;
    // Packages lists four digests, RPM metadata one.
    base::Hasher hasher(is_deb ? std::vector{DigestAlgorithm::md5, DigestAlgorithm::sha1,
                                             DigestAlgorithm::sha256, DigestAlgorithm::sha512}
                               : std::vector{DigestAlgorithm::sha256});
    const auto target = filesystem.create(copied.staged_path, 0444);
    std::string buffer(kBufferSize, '\0');
    while (const std::size_t count = source->read_at(buffer, hasher.size())) {
        hasher.update(std::string_view(buffer.data(), count));
        target->write({buffer.data(), count});
    }
    target->close();
    if (!is_same_file_state(before, source->status()) || hasher.size() != before.size) {
        throw Error(ErrorKind::input, "read package", name, "it changed while it was read",
                    "publish it again when its writer is done");
    }
    auto& digests = copied.job.digests;
    digests.size = hasher.size();
    digests.sha256 = hasher.hex();
    if (is_deb) {
        digests.md5 = hasher.hex(DigestAlgorithm::md5);
        digests.sha1 = hasher.hex(DigestAlgorithm::sha1);
        digests.sha512 = hasher.hex(DigestAlgorithm::sha512);
    }
    copied.job.path = fs::join_path(filesystem.root(), copied.staged_path);
    return copied;
}

void check_space(fs::Filesystem& filesystem, const std::vector<std::string>& files) {
    std::uint64_t needed = 0;
    for (const auto& name : files) {
        if (const auto status = fs::external_status(name, fs::FinalSymlink::keep)) needed += status->size;
    }
    const std::uint64_t free = filesystem.free_bytes();
    if (needed > free) {
        throw Error(ErrorKind::storage, "publish into", filesystem.root(),
                    fmt::format("the packages need {}, {} are free", base::human_size(needed),
                                base::human_size(free)),
                    "free some space; nothing was changed");
    }
}

// Collects what is wrong with the files, so that one run shows all of it.
class Refusals {
public:
    void add(const std::string& file, const std::string& reason, const std::string& hint) {
        if (!first_) {
            first_.emplace(ErrorKind::input, "publish", file, reason, hint);
        } else {
            base::info(
                fmt::format("also: cannot publish '{}': {}", base::printable(file), base::printable(reason)));
        }
    }
    void throw_if_any() const {
        if (first_) throw Error(*first_);
    }

private:
    std::optional<Error> first_;
};

}  // namespace

IngestedInputs ingest(fs::Filesystem& filesystem, store::Transaction& transaction, Catalog& catalog,
                      const Inputs& inputs) {
    std::vector<std::string> files;
    for (const auto& file : inputs.packages) files.push_back(file.path);
    check_space(filesystem, files);
    Refusals refusals;
    std::vector<Copied> copies;
    for (const auto& name : files) {
        try {
            copies.push_back(copy_in(filesystem, transaction, name));
        } catch (const base::SystemError&) {
            throw;  // no space, I/O error: nothing is wrong with the package
        } catch (const Error& error) {
            refusals.add(name, error.reason(), error.hint());
        }
    }
    std::vector<ParseJob> jobs;
    for (const auto& copy : copies) jobs.push_back(copy.job);
    IngestedInputs ingested;
    parse_packages(jobs, [&](std::size_t i, std::optional<std::string> body, const std::string& failure) {
        if (!body) {
            refusals.add(jobs[i].shown_as, failure, {});
            return;
        }
        formats::Package package = formats::package_from_json(*body);
        package.index.clear();
        catalog.add(package.sha256, *body);
        ingested.packages.push_back({std::move(package), copies[i].staged_path, {}, jobs[i].shown_as, {}});
    });
    refusals.throw_if_any();
    store::SyncBatch batch(filesystem);  // before the lock: others need not wait for our disk
    for (const auto& item : ingested.packages) batch.add_file(item.staged_path);
    batch.flush();
    return ingested;
}

}  // namespace repotool::publisher
