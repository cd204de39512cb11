// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/fleet/coordinator_journal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/line_log.hpp"
#include "sync/mirror/ended_journals.hpp"
#include "sync/mirror/lock.hpp"

namespace repotool::sync {
namespace {

using nlohmann::json;

std::string repository_directory(const Source& source, const std::string& repository) {
    return fs::join_path(source.state_root, repository);
}

// One without a first line has no name to be kept under, and says nothing.
void end_journal(Source& source, const std::string& directory, const TransactionIdentity& identity) {
    if (!identity.id().empty()) {
        keep_ended_journal(source.state, directory + "/journal",
                           repository_directory(source, identity.repository) + "/ended", identity);
    }
    fs::remove_tree(source.state, directory);
}

// Empty where the journal has not got as far as its first line.
CoordinatorRecord read_record(Source& source, const std::string& directory) {
    CoordinatorRecord record;
    record.directory = directory;
    const std::string path = directory + "/journal";
    if (!source.state.status(path)) return record;
    const store::LineLog log = store::parse_line_log(fs::read_file(source.state, path), path);
    try {
        for (const auto& text : log.lines) {
            const json line = json::parse(text);
            const std::string state = line.at("state").get<std::string>();
            if (state == "begin") {
                record.identity = {
                    line.at("repository").get<std::string>(),
                    {line.at("epoch").get<std::uint64_t>(), line.at("generation").get<std::uint64_t>(),
                     line.at("transaction").get<std::string>()}};
                line.at("mirrors").get_to(record.mirrors);
                line.at("owed").get_to(record.owed);
                record.is_shown = line.value("shown", false);
            }
            if (state == "canary") record.is_shown = true;
            if (state == "commit") {
                record.decision = Decision::commit;
                record.committed = line.value("mirrors", record.mirrors);  // all, in an older journal
            }
            if (state == "abort") record.decision = Decision::abort;
        }
    } catch (const json::exception& error) {
        throw base::Error(base::ErrorKind::integrity, "read", path, error.what());
    }
    return record;
}

}  // namespace

std::vector<std::string> CoordinatorRecord::left_behind() const {
    std::vector<std::string> names;
    const auto flips = [&](const std::string& name) {
        return std::find(committed.begin(), committed.end(), name) != committed.end() ||
               std::find(owed.begin(), owed.end(), name) != owed.end();
    };
    std::copy_if(mirrors.begin(), mirrors.end(), std::back_inserter(names),
                 [&](const std::string& name) { return !flips(name); });
    return names;
}

CoordinatorJournal::CoordinatorJournal(Source& source, const TransactionIdentity& identity,
                                       const Beginning& beginning)
    : source_(source),
      identity_(identity),
      directory_(fs::join_path(repository_directory(source, identity.repository), identity.id())),
      owed_(beginning.owed) {
    for (const auto& changed : fs::make_directories(source_.state, directory_, 0700)) {
        source_.state.sync_directory(changed);
    }
    const json line{{"state", "begin"},
                    {"repository", identity.repository},
                    {"transaction", identity.id()},
                    {"epoch", identity.version.epoch},
                    {"generation", identity.version.generation},
                    {"mirrors", beginning.mirrors},
                    {"owed", beginning.owed},
                    {"shown", beginning.is_shown},
                    {"at", journal_time_ms()}};
    lines_.push_back(line.dump());
    fs::replace_file(source_.state, directory_ + "/journal", store::checked_line(lines_.back()), 0600);
}

void CoordinatorJournal::commit(const std::vector<std::string>& mirrors) {
    replace(json{{"state", "commit"}, {"mirrors", mirrors}, {"at", journal_time_ms()}});
}

void CoordinatorJournal::abort() {
    replace(json{{"state", "abort"}, {"at", journal_time_ms()}});
}

// A decision is a new file under the journal's name: a torn note before it cannot make it unreadable, and a
// decision that failed half-way cannot stand beside the one that replaces it.
void CoordinatorJournal::replace(const json& decision) {
    auto lines = lines_;
    lines.push_back(decision.dump());
    std::string text;
    for (const auto& line : lines) text += store::checked_line(line);
    fs::replace_file(source_.state, directory_ + "/journal", text, 0600);
    lines_ = std::move(lines);
    is_whole_ = true;
}

void CoordinatorJournal::note_prepared(const std::vector<std::string>& mirrors) noexcept {
    note("prepared", mirrors);
}

void CoordinatorJournal::canary(const std::string& mirror) {
    replace(json{{"state", "canary"}, {"mirror", mirror}, {"at", journal_time_ms()}});
}

void CoordinatorJournal::note_flipped(const std::vector<std::string>& mirrors) noexcept {
    note("flipped", mirrors);
}

// One line for all: no more than the last line of a journal may ever be torn.
void CoordinatorJournal::note(const char* state, const std::vector<std::string>& mirrors) noexcept {
    if (!is_whole_ || mirrors.empty()) return;
    try {
        std::string line = json{{"state", state}, {"mirrors", mirrors}, {"at", journal_time_ms()}}.dump();
        store::append_line(source_.state, directory_ + "/journal", line);
        lines_.push_back(std::move(line));
    } catch (const std::exception& error) {
        is_whole_ = false;
        base::detail(fmt::format("the journal lacks a note: {}", error.what()));
    }
}

void CoordinatorJournal::close() noexcept {
    if (!owed_.empty()) return;
    try {
        end_journal(source_, directory_, identity_);
    } catch (const std::exception& error) {
        base::warn(fmt::format("the journal stays until the next run: {}", error.what()));
    }
}

std::vector<CoordinatorRecord> read_coordinator_journals(Source& source, const std::string& repository) {
    std::vector<CoordinatorRecord> records;
    const std::string directory = repository_directory(source, repository);
    for (const auto& name : source.state.list(directory)) {
        if (!base::is_sha256_hex(name)) continue;
        records.push_back(read_record(source, directory + "/" + name));
    }
    std::sort(records.begin(), records.end(),
              [](const auto& a, const auto& b) { return is_older(a.identity.version, b.identity.version); });
    return records;
}

void end_coordinator_journal(Source& source, const CoordinatorRecord& record) {
    end_journal(source, record.directory, record.identity);
}

std::unique_ptr<fs::Lock> lock_source(Source& source, const std::string& repository,
                                      std::int64_t timeout_seconds) {
    const std::string path =
        repository_directory(source, repository) + ".lock";  // no repository's name ends so
    // A name that is nowhere leaves no lock behind.
    if (!source.state.status(path)) store::open_generation(source.tree, "", repository);
    fs::make_directories(source.state, fs::parent_path(path), 0700);
    return wait_for_lock(source.state, path, fmt::format("{} of {}", repository, source.name),
                         timeout_seconds);
}

}  // namespace repotool::sync
