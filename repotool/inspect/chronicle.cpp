// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/inspect/chronicle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/head.hpp"
#include "core/store/layout.hpp"
#include "core/store/names.hpp"
#include "core/store/roster.hpp"
#include "repotool/inspect/comparison.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;
using store::GenerationReader;
using store::HistoryRecord;

constexpr const char* kPublic = "public";
constexpr const char* kHistories = "private/history";

bool is_denied(const base::SystemError& error) {
    return error.error_number() == EACCES || error.error_number() == EPERM;
}

std::optional<std::uint64_t> current_generation(fs::Filesystem& filesystem, const std::string& repository) {
    return store::make_symlink_head(filesystem, kPublic, repository)->current();
}

// Empty where the generation is gone, as gc may have it at any moment.
std::optional<GenerationReader> open_if_there(fs::Filesystem& filesystem, const std::string& repository,
                                              std::uint64_t generation) {
    try {
        return GenerationReader(filesystem, kPublic, repository, generation);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::usage) throw;
        return std::nullopt;
    }
}

HistoryRecord record_of(const GenerationReader& reader, fs::Filesystem& filesystem) {
    const store::Manifest& manifest = reader.manifest();
    HistoryRecord record;
    record.time = manifest.date;
    record.generation = manifest.generation;
    record.manifest_sha256 = reader.manifest_sha256();
    if (!manifest.parent) {
        record.changes = to_changes(everything_in(reader));
        return record;
    }
    record.parent = manifest.parent->generation;
    const auto parent = open_if_there(filesystem, manifest.repository, record.parent);
    if (!parent) return record;
    if (parent->manifest_sha256() != manifest.parent->sha256) {
        throw Error(ErrorKind::integrity, "read",
                    fmt::format("{}@{}", manifest.repository, manifest.generation),
                    fmt::format("it names another manifest as its parent than {}@{} has", manifest.repository,
                                record.parent),
                    "repotool verify shows what else is damaged");
    }
    record.changes = to_changes(compare_generations(*parent, reader));
    return record;
}

std::vector<HistoryRecord> read_manifests(fs::Filesystem& filesystem, const std::string& repository,
                                          std::optional<std::uint64_t> current) {
    std::vector<HistoryRecord> records;
    auto numbers = store::list_generations(filesystem, kPublic, repository);
    std::reverse(numbers.begin(), numbers.end());
    for (const auto number : numbers) {
        if (current && number > *current) continue;  // claimed, not flipped
        if (const auto reader = open_if_there(filesystem, repository, number))
            records.push_back(record_of(*reader, filesystem));
    }
    return records;
}

// What the history says of a generation that is still there.
void check_manifests(fs::Filesystem& filesystem, const std::string& repository,
                     const std::vector<HistoryRecord>& records) {
    std::set<std::uint64_t> seen;
    for (const auto& record : records) {
        if (!seen.insert(record.generation).second) continue;
        const std::string path =
            fmt::format("{}/{}/MANIFEST", kPublic, store::layout::generation(repository, record.generation));
        if (!filesystem.status(path)) continue;
        if (base::sha256_hex(fs::read_file(filesystem, path)) == record.manifest_sha256) continue;
        throw Error(
            ErrorKind::integrity, "read", path,
            fmt::format("its digest is not the one that the history of '{}' recorded", repository),
            fmt::format("repotool verify {}@{} shows what else is damaged", repository, record.generation));
    }
}

// A publisher flips and then writes its record: for a moment the history may be one behind.
Chronicle read_history(fs::Filesystem& filesystem, const std::string& repository) {
    constexpr int kTries = 3;
    Chronicle chronicle{repository, ChronicleSource::history, {}, {}};
    std::uint64_t last = 0;
    for (int i = 0; i < kTries; ++i) {
        chronicle.records = store::History(filesystem, repository).read();
        chronicle.current = current_generation(filesystem, repository);
        last = chronicle.records.empty() ? 0 : chronicle.records.back().generation;
        if (!chronicle.current || *chronicle.current == last) break;
    }
    if (chronicle.current && (*chronicle.current > last + 1 || *chronicle.current < last)) {
        throw Error(ErrorKind::integrity, "read", fmt::format("{}/{}", kHistories, repository),
                    fmt::format("it ends with generation {}, but '{}' is at {}", last, repository,
                                *chronicle.current),
                    "records are missing; repotool fsck shows what else is damaged");
    }
    check_manifests(filesystem, repository, chronicle.records);
    std::reverse(chronicle.records.begin(), chronicle.records.end());
    return chronicle;
}

void find_histories(fs::Filesystem& filesystem, const std::string& path, std::set<std::string>& found) {
    for (const auto& name : filesystem.list(fs::join_path(kHistories, path))) {
        const std::string child = fs::join_path(path, name);
        if (name.ends_with(".log") && !path.empty()) {
            found.insert(path);
        } else if (store::is_repository_name(child)) {
            const auto status = filesystem.status(fs::join_path(kHistories, child));
            if (status && status->kind == fs::Kind::directory) find_histories(filesystem, child, found);
        }
    }
}

}  // namespace

Chronicle read_chronicle(fs::Filesystem& filesystem, const std::string& repository) {
    store::check_repository_name(repository);
    Chronicle chronicle;
    try {
        chronicle = read_history(filesystem, repository);
    } catch (const base::SystemError& error) {
        if (!is_denied(error)) throw;
        chronicle = {repository, ChronicleSource::manifests, current_generation(filesystem, repository), {}};
        chronicle.records = read_manifests(filesystem, repository, chronicle.current);
    }
    if (chronicle.current || !chronicle.records.empty()) return chronicle;
    const std::string nearest = base::nearest(repository, list_known_repositories(filesystem));
    throw Error(
        ErrorKind::usage, "find repository", repository, "there is no such repository, and never was",
        nearest.empty() ? "repotool list shows what there is" : fmt::format("did you mean '{}'?", nearest));
}

std::vector<std::string> list_known_repositories(fs::Filesystem& filesystem) {
    const auto there = store::list_repositories(filesystem, kPublic);
    std::set<std::string> known(there.begin(), there.end());
    try {
        find_histories(filesystem, "", known);
    } catch (const base::SystemError& error) {
        if (!is_denied(error)) throw;
    }
    return {known.begin(), known.end()};
}

}  // namespace repotool::publisher
