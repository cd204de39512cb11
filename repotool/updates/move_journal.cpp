// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/updates/move_journal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/digest.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/fs/tree.hpp"
#include "core/store/history.hpp"
#include "core/store/names.hpp"
#include "core/store/recovery.hpp"

namespace repotool::publisher {
namespace {

using nlohmann::json;

constexpr const char* kMoves = "private/moves";

struct Moves {
    std::string repository;
    std::uint64_t parent = 0;
    std::vector<ReadyDirectory> directories;
    std::uint64_t generation = 0;  // that has them; 0: not known yet
};

std::string to_json(const Moves& moves) {
    json directories = json::array();
    for (const auto& directory : moves.directories) {
        json files = json::array();
        for (const auto& file : directory.files)
            files.push_back({file.path, file.device, file.inode, file.size, file.mtime_ns});
        directories.push_back({{"shown", directory.shown}, {"root", directory.root}, {"files", files}});
    }
    const json document{
        {"repository", moves.repository}, {"parent", moves.parent}, {"directories", directories}};
    return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

ReadyDirectory directory_from(const json& document) {
    ReadyDirectory directory{document.at("shown"), document.at("root"), {}};
    for (const auto& file : document.at("files"))
        directory.files.push_back({file.at(0), file.at(1), file.at(2), file.at(3), file.at(4)});
    return directory;
}

// Empty where its writer was killed while it wrote: then nothing was published.
std::optional<Moves> parse(const std::string& text) {
    const auto lines = base::split(text, '\n');
    if (lines.size() < 2) return std::nullopt;
    try {
        const json document = json::parse(lines[0]);
        Moves moves{document.at("repository"), document.at("parent"), {}, 0};
        for (const auto& directory : document.at("directories"))
            moves.directories.push_back(directory_from(directory));
        if (lines.size() > 2) moves.generation = json::parse(lines[1]).at("generation");
        if (!store::is_repository_name(moves.repository)) return std::nullopt;
        return moves;
    } catch (const json::exception&) {
        return std::nullopt;
    }
}

// Names alone: what a retry does again has the same id.
std::string make_id(const Moves& moves) {
    std::string names = fmt::format("{}\n{}\n", moves.repository, moves.parent);
    for (const auto& directory : moves.directories) {
        for (const auto& file : directory.files) names += file.path + "\n";
    }
    return base::sha256_hex(names).substr(0, 16);
}

void append_durably(fs::Filesystem& site, const std::string& path, const std::string& line) {
    const auto file = site.open_append(path);
    file->write(line + "\n");
    file->sync();
    file->close();
}

bool has_id(const store::HistoryRecord& record, const std::string& id) {
    const auto names = [&](const std::map<std::string, std::string>& meta) {
        const auto found = meta.find(kMoveKey);
        return found != meta.end() && found->second == id;
    };
    return names(record.meta) ||
           std::any_of(record.requests.begin(), record.requests.end(),
                       [&](const store::HistoryRequest& request) { return names(request.meta); });
}

// The generation that a promote made whose journal does not say it; 0 where it made none.
std::uint64_t flipped_generation(store::Site& site, const Moves& moves, const std::string& id,
                                 std::int64_t lock_timeout, const std::string& job) {
    const auto lock = site.lock_repository(moves.repository, lock_timeout, job);
    store::recover(site, moves.repository);
    const auto records = store::History(site.filesystem(), moves.repository).read_back(moves.parent + 1);
    const auto found = std::find_if(records.begin(), records.end(), [&](const auto& record) {
        return record.generation > moves.parent && has_id(record, id);
    });
    return found == records.end() ? 0 : found->generation;
}

// As if the killed promote had come to its end: what it moved counts as well.
MoveReport all_moves(const Moves& moves, MoveReport done) {
    MoveReport all = plan_moves(moves.directories, moves.generation);
    std::erase_if(all.moved, [&](const MovedFile& file) {
        return std::any_of(done.left.begin(), done.left.end(),
                           [&](const LeftFile& left) { return left.path == file.from; });
    });
    all.left = std::move(done.left);
    return all;
}

FinishedPromote describe(const std::string& id, const Moves& moves, MoveReport done) {
    FinishedPromote finished{id, moves.repository, moves.generation, {}, all_moves(moves, std::move(done))};
    for (const auto& directory : moves.directories) finished.roots.push_back(directory.root);
    return finished;
}

// Empty where its promote is alive, had published nothing, or cannot be finished now.
std::optional<FinishedPromote> finish_moves(store::Site& site, const std::string& id,
                                            std::int64_t lock_timeout, const std::string& job) {
    fs::Filesystem& filesystem = site.filesystem();
    const std::string path = fs::join_path(kMoves, id);
    const auto lock = filesystem.try_lock(path, fs::LockMode::exclusive);
    if (!lock) return std::nullopt;
    auto moves = parse(fs::read_file(filesystem, path));
    if (moves && moves->generation == 0)
        moves->generation = flipped_generation(site, *moves, id, lock_timeout, job);
    std::optional<FinishedPromote> finished;
    if (moves && moves->generation != 0) {
        MoveReport report = move_promoted(moves->directories, moves->generation);
        if (report.failure) {
            base::warn(report.failure->what());
            return std::nullopt;
        }
        base::info(fmt::format("moved {} that a promote into {}@{} left behind",
                               base::counted(report.moved.size(), "file"), moves->repository,
                               moves->generation));
        finished = describe(id, *moves, std::move(report));
    }
    filesystem.remove(path);
    filesystem.sync_directory(kMoves);
    return finished;
}

}  // namespace

MoveJournal::MoveJournal(fs::Filesystem& site, const std::string& repository, std::uint64_t parent,
                         const std::vector<ReadyDirectory>& directories)
    : site_(site) {
    const Moves moves{repository, parent, directories, 0};
    id_ = make_id(moves);
    path_ = fs::join_path(kMoves, id_);
    lock_ = site_.try_lock(path_, fs::LockMode::exclusive);
    if (!lock_) return;
    append_durably(site_, path_, to_json(moves));
    site_.sync_directory(kMoves);
}

MoveJournal::~MoveJournal() {
    if (!lock_ || is_published_) return;
    try {
        site_.remove(path_);
    } catch (const base::Error& error) {
        base::warn(error.what());  // the next promote sees that nothing came of it
    }
}

void MoveJournal::published(std::uint64_t generation) {
    is_published_ = true;
    if (lock_) append_durably(site_, path_, json{{"generation", generation}}.dump());
}

void MoveJournal::finish() {
    if (!lock_) return;
    site_.remove(path_);
    site_.sync_directory(kMoves);
}

std::vector<FinishedPromote> finish_pending_moves(store::Site& site, std::int64_t lock_timeout,
                                                  const std::string& job) {
    std::vector<FinishedPromote> all;
    for (const auto& id : site.filesystem().list(kMoves))
        if (auto finished = finish_moves(site, id, lock_timeout, job)) all.push_back(*std::move(finished));
    return all;
}

}  // namespace repotool::publisher
