// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/directory/mirror_journal.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/line_log.hpp"
#include "sync/mirror/ended_journals.hpp"
#include "sync/mirror/version_json.hpp"

namespace repotool::sync::mirror_layout {

std::string transactions(const std::string& repository) {
    return fmt::format("{}/{}/txn", kPrivate, repository);
}
std::string transaction(const std::string& repository, const std::string& id) {
    return fmt::format("{}/{}", transactions(repository), id);
}
std::string ended(const std::string& repository) {
    return fmt::format("{}/{}/ended", kPrivate, repository);
}
std::string highest(const std::string& repository) {
    return fmt::format("{}/{}/highest", kPrivate, repository);
}
std::string ticket(const std::string& repository) {
    return fmt::format("{}/{}/ticket", kPrivate, repository);
}
std::string lagging(const std::string& repository) {
    return fmt::format("{}/{}/lagging", kPrivate, repository);
}

}  // namespace repotool::sync::mirror_layout

namespace repotool::sync {
namespace {

using nlohmann::json;

// Turns the JSON library's complaints into ours.
template <typename Read>
auto reading(const std::string& path, const Read& read) {
    try {
        return read();
    } catch (const json::exception& error) {
        throw base::Error(base::ErrorKind::integrity, "read", path, error.what());
    }
}

void append(fs::Filesystem& mirror, const std::string& directory, json line) {
    line["at"] = journal_time_ms();
    store::append_line(mirror, directory + "/journal", line.dump());
}

}  // namespace

MirrorJournal read_mirror_journal(fs::Filesystem& mirror, const std::string& directory) {
    const std::string path = directory + "/journal";
    if (!mirror.status(path)) return {};
    const store::LineLog log = store::parse_line_log(fs::read_file(mirror, path), path);
    return reading(path, [&] {
        MirrorJournal journal;
        for (const auto& text : log.lines) {
            const json line = json::parse(text);
            const std::string state = line.at("state").get<std::string>();
            if (state == "begin") {
                journal.identity = {line.at("repository").get<std::string>(), version_from(line)};
            } else if (state == "content") {
                line.at("names").get_to(journal.content);
                journal.was_announced = true;
            }
            journal.has_claimed = journal.has_claimed || state == "claim";
            journal.is_prepared = journal.is_prepared || state == "prepared";
            if (state == "canary") {
                journal.is_canary = true;
                const auto before = line.at("before").get<std::uint64_t>();
                if (before != 0) journal.before_canary = before;
            }
        }
        return journal;
    });
}

void journal_begin(fs::Filesystem& mirror, const std::string& directory,
                   const TransactionIdentity& identity) {
    json line = version_json(identity.version);
    line["state"] = "begin";
    line["repository"] = identity.repository;
    append(mirror, directory, line);
    mirror.sync_directory(directory);
}

void journal_content(fs::Filesystem& mirror, const std::string& directory,
                     const std::vector<std::string>& names) {
    append(mirror, directory, {{"state", "content"}, {"names", names}});
}

void journal_claim(fs::Filesystem& mirror, const std::string& directory) {
    append(mirror, directory, {{"state", "claim"}});
}

void journal_prepared(fs::Filesystem& mirror, const std::string& directory) {
    append(mirror, directory, {{"state", "prepared"}});
}

void journal_canary(fs::Filesystem& mirror, const std::string& directory,
                    std::optional<std::uint64_t> before) {
    append(mirror, directory, {{"state", "canary"}, {"before", before.value_or(0)}});
}

void journal_settled(fs::Filesystem& mirror, const std::string& directory,
                     const TransactionIdentity& identity, std::int64_t flipped_at_ms) {
    const std::string path = directory + "/journal";
    if (!mirror.status(path)) return;
    // After half a line nothing can be said any more.
    if (!store::parse_line_log(fs::read_file(mirror, path), path).is_torn) {
        json line{{"state", "settled"}, {"at", journal_time_ms()}};
        if (flipped_at_ms != 0) line["flipped_at"] = flipped_at_ms;
        const auto file = mirror.open_append(path);
        file->write(store::checked_line(line.dump()));
        file->close();
    }
    keep_ended_journal(mirror, path, mirror_layout::ended(identity.repository), identity);
}

std::optional<Version> read_highest(fs::Filesystem& mirror, const std::string& repository) {
    const std::string path = mirror_layout::highest(repository);
    if (!mirror.status(path)) return std::nullopt;
    return reading(path, [&] { return version_from(json::parse(fs::read_file(mirror, path, 4096))); });
}

void write_highest(fs::Filesystem& mirror, const std::string& repository, const Version& version) {
    fs::replace_file(mirror, mirror_layout::highest(repository), version_json(version).dump() + "\n", 0600);
}

namespace {

std::uint64_t read_ticket(fs::Filesystem& mirror, const std::string& repository) {
    const std::string path = mirror_layout::ticket(repository);
    if (!mirror.status(path)) return 0;
    return reading(path, [&] { return json::parse(fs::read_file(mirror, path, 4096)).get<std::uint64_t>(); });
}

}  // namespace

std::uint64_t draw_ticket(fs::Filesystem& mirror, const std::string& repository) {
    const std::string path = mirror_layout::ticket(repository);
    const std::uint64_t ticket = read_ticket(mirror, repository) + 1;
    for (const auto& changed : fs::make_directories(mirror, fs::parent_path(path), 0700))
        mirror.sync_directory(changed);
    fs::replace_file(mirror, path, fmt::format("{}\n", ticket), 0600);
    return ticket;
}

void check_ticket(fs::Filesystem& mirror, const std::string& repository, std::uint64_t ticket) {
    if (read_ticket(mirror, repository) == ticket) return;
    throw base::Error(base::ErrorKind::conflict, "go on with", fs::join_path(mirror.root(), repository),
                      "another mirrorsync has taken over", "run the same command again");
}

}  // namespace repotool::sync
