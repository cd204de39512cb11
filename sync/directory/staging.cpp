// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/directory/staging.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <set>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/work_queue.hpp"
#include "core/fs/host.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"
#include "core/store/names.hpp"
#include "core/store/sync_batch.hpp"
#include "sync/directory/mirror_journal.hpp"
#include "sync/mirror/content.hpp"

namespace repotool::sync {
namespace {

using base::Error;
using base::ErrorKind;
using store::ContentFile;

constexpr std::uint64_t kPiece = std::uint64_t{1} << 20U;
constexpr const char* kUnfinished = ".part";
constexpr std::uint64_t kKeyLimit = std::uint64_t{1} << 20U;

[[noreturn]] void damaged(const std::string& path, const std::string& reason, const std::string& hint) {
    throw Error(ErrorKind::integrity, "read", path, reason, hint);
}

// A file that the manifest names and that is not there, or a symbolic link, is damage, not an I/O error.
std::unique_ptr<fs::File> open_named(fs::Filesystem& filesystem, const std::string& path) {
    try {
        return filesystem.open_read(path);
    } catch (const base::SystemError& error) {
        const bool is_link = error.error_number() == ELOOP;
        if (error.error_number() != ENOENT && !is_link) throw;
        damaged(fs::join_path(filesystem.root(), path),
                is_link ? "the manifest names it, but it is a symbolic link"
                        : "the manifest names it, but it is not there",
                "");
    }
}

}  // namespace

Staging::Staging(fs::Filesystem& mirror, const StageRequest& request, std::string directory, RateLimit& limit)
    : mirror_(mirror), request_(request), directory_(std::move(directory)), limit_(limit) {}

void Staging::bring(const Plan& plan) {
    require_room(plan);
    bring_keys();
    mirror_.make_directory(directory_ + "/files", 0700);
    for (const auto& file : plan.packages) take_in(file, plan);
    const std::string pool = store::layout::pool(request_.identity.repository) + "/";
    for (const auto& staged : staged_) transferred_.packages.push_back(staged.file.path.substr(pool.size()));
    for (const auto& file : plan.metadata) take_in(file, plan);
    // What the present generation names should be there; where somebody deleted it, it comes back.
    for (const auto& file : plan.expected) {
        if (!mirror_.status(file.path)) take_in(file, plan);
    }
    // Files without bytes are in no stream, and while one comes, nothing else can be asked for.
    const auto is_empty = [](const Staged& staged) { return staged.file.size == 0; };
    std::stable_partition(staged_.begin(), staged_.end(), is_empty);
    store::SyncBatch bytes(mirror_);
    bool is_announced = false;
    for (const auto& staged : staged_) {
        if (!is_announced && !is_empty(staged)) {
            announce();
            is_announced = true;
        }
        if (!staged.is_left) bring_staged(staged);
        bytes.add_file(staged.staged_path);
    }
    bytes.flush();
}

// Refusing at once is kinder than filling a disk that others use; the copy itself still checks every write.
void Staging::require_room(const Plan& plan) const {
    std::uint64_t bytes = 0;
    std::uint64_t files = 0;
    for (const auto* list : {&plan.packages, &plan.metadata}) {
        for (const auto& file : *list) {
            if (mirror_.status(file.path)) continue;
            bytes += file.size;
            ++files;
        }
    }
    const auto refuse = [&](std::uint64_t wanted, std::uint64_t free, const char* what) {
        if (wanted <= free) return;
        throw Error(ErrorKind::storage, "write to", mirror_.root(),
                    fmt::format("{} {} are needed, {} are free", wanted, what, free),
                    "make room there, or let mirrorsync retire what is old");
    };
    refuse(bytes, mirror_.free_bytes(), "bytes");
    if (const auto inodes = mirror_.free_inodes()) refuse(files, *inodes, "inodes");
}

void Staging::take_in(const ContentFile& file, const Plan& plan) {
    if (const auto status = mirror_.status(file.path)) {
        if (status->kind != fs::Kind::file || status->size != file.size) {
            damaged(fs::join_path(mirror_.root(), file.path),
                    fmt::format("expected a file of {} bytes, found one of {}", file.size, status->size),
                    "delete it on the mirror, if nothing else made it");
        }
        kept_.push_back(file);
        return;
    }
    const auto join = plan.joins.find(file.path);
    const bool is_joined = join != plan.joins.end() && mirror_.status(join->second.base).has_value();
    // Named after its name, so that a run that goes on where another died knows it again.
    const std::string path = fmt::format("{}/files/{}", directory_, base::sha256_hex(file.path));
    staged_.push_back({path, file, is_joined ? &join->second : nullptr, is_left(path, file)});
    if (!staged_.back().is_left) ++transferred_.files;
}

// Whole, as its name says: what is on its way has another one. verify() says whether the disk kept it.
bool Staging::is_left(const std::string& staged_path, const ContentFile& file) const {
    const auto status = mirror_.status(staged_path);
    if (!status) return false;
    if (status->kind == fs::Kind::file && status->size == file.size) return true;
    mirror_.remove(staged_path);
    return false;
}

void Staging::announce() const {
    if (request_.read_ahead == nullptr) return;
    std::vector<ReadAhead::Piece> pieces;
    for (const auto& staged : staged_) {
        const std::string path = request_.source.path_of(staged.file.path);
        if (staged.is_left) continue;
        if (staged.join == nullptr) pieces.push_back({path, 0, staged.file.size});
        if (staged.join == nullptr) continue;
        for (const auto& piece : staged.join->pieces) {
            if (!piece.is_there) pieces.push_back({path, piece.offset, piece.length});
        }
    }
    request_.read_ahead->announce(pieces);
}

// Without a digest: verify() reads everything back anyway, and what is brought has no name before that.
void Staging::bring_staged(const Staged& staged) {
    const ContentFile& file = staged.file;
    const auto source = open_named(request_.source.filesystem(), request_.source.path_of(file.path));
    const fs::Status status = source->status();
    if (status.size != file.size) {
        damaged(fs::join_path(request_.source.filesystem().root(), request_.source.path_of(file.path)),
                fmt::format("expected {} bytes, found {}", file.size, status.size),
                "the source is damaged: repotool fsck looks for more");
    }
    const std::string unfinished = staged.staged_path + kUnfinished;
    const auto target = mirror_.create(unfinished, 0644);
    if (staged.join == nullptr) {
        append(*target, *source, 0, file.size, true);
    } else {
        const auto base = mirror_.open_read(staged.join->base);
        for (const auto& piece : staged.join->pieces)
            append(*target, piece.is_there ? *base : *source, piece.offset, piece.length, !piece.is_there);
    }
    // The source's time, so that all mirrors give the same HTTP validators whatever generations they skipped.
    target->set_mtime(status.mtime);
    target->close();
    mirror_.rename(unfinished, staged.staged_path, fs::Replace::no);
}

void Staging::append(fs::File& target, fs::File& source, std::uint64_t offset, std::uint64_t length,
                     bool is_sent) {
    for (std::uint64_t end = offset + length; offset < end;) {
        stop_if_asked();
        const std::uint64_t count = std::min(kPiece, end - offset);
        target.append_range(source, offset, count);
        offset += count;
        if (!is_sent) continue;
        limit_.spend(count, request_.stop);
        transferred_.bytes += count;
    }
}

void Staging::bring_keys() {
    fs::Filesystem& source = request_.source.filesystem();
    const std::string staged = directory_ + "/keys";
    const auto names = key_names(request_.source);
    if (request_.read_ahead != nullptr) preload_keys(names);
    for (const auto& name : names) {
        const std::string path = "keys/" + name;
        const auto status = source.status(request_.source.path_of(path));
        if (!status || status->kind != fs::Kind::file) continue;
        const std::string bytes = fs::read_file(source, request_.source.path_of(path), kKeyLimit);
        const auto there = mirror_.status(path);
        if (there && there->size == bytes.size() && fs::read_file(mirror_, path, kKeyLimit) == bytes)
            continue;
        mirror_.make_directory(staged, 0700);
        fs::write_new_file(mirror_, staged + "/" + name, bytes, 0644, status->mtime, fs::Durable::yes);
    }
    if (mirror_.status(staged)) mirror_.sync_directory(staged);
}

void Staging::preload_keys(const std::vector<std::string>& names) const {
    std::vector<ReadAhead::Part> parts;
    for (const auto& name : names) {
        const std::string path = "keys/" + name;
        parts.push_back({path, mirror_.status(path) ? path : ""});
    }
    request_.read_ahead->preload(parts);
}

void Staging::place(const Plan& plan) {
    std::vector<std::string> names;
    std::vector<store::TreeLink> links;
    for (const auto& staged : staged_) names.push_back(staged.file.path);
    for (const auto& link : plan.shared_links) {
        if (mirror_.status(link.path)) continue;  // verify() looked where it leads
        links.push_back(link);
        names.push_back(link.path);
    }
    journal_content(mirror_, directory_, names);

    store::SyncBatch directories(mirror_);
    const auto make_parent = [&](const std::string& path) {
        const std::string parent = fs::parent_path(path);
        for (const auto& changed : fs::make_directories(mirror_, parent, 0755))
            directories.add_directory(changed);
        directories.add_directory(parent);
    };
    for (const auto& staged : staged_) {
        make_parent(staged.file.path);
        mirror_.rename(staged.staged_path, staged.file.path, fs::Replace::no);
    }
    for (const auto& link : links) {
        make_parent(link.path);
        mirror_.symlink(link.target, link.path);
    }
    directories.flush();
}

void Staging::verify(const Plan& plan) {
    verify_bytes();
    std::set<std::string> brought;
    for (const auto& staged : staged_) brought.insert(staged.file.path);
    for (const auto& file : plan.expected) {
        if (brought.contains(file.path)) continue;
        const auto status = mirror_.status(file.path);
        if (status && status->kind == fs::Kind::file && status->size == file.size) continue;
        damaged(fs::join_path(mirror_.root(), file.path),
                fmt::format("expected a file of {} bytes, found {}", file.size,
                            status ? fmt::format("{} bytes", status->size) : "nothing"),
                "the mirror is damaged");
    }
    for (const auto& link : plan.shared_links) {
        if (!mirror_.status(link.path) || mirror_.read_link(link.path) == link.target) continue;
        damaged(fs::join_path(mirror_.root(), link.path),
                fmt::format("expected a symlink to {}, found '{}'", link.target,
                            mirror_.read_link(link.path).value_or("something else")),
                "the mirror is damaged");
    }
}

// Hashing is most of what a sync costs: on all processors, the longest first, so that none of them is left
// alone with it.
void Staging::verify_bytes() {
    struct Reading {
        std::string path;
        const ContentFile* file;
        const Staged* staged;  // nullptr: it was there already
        base::FileDigests found;
    };
    std::vector<Reading> readings;
    for (const auto& staged : staged_) readings.push_back({staged.staged_path, &staged.file, &staged, {}});
    for (const auto& file : kept_) readings.push_back({file.path, &file, nullptr, {}});
    std::stable_sort(readings.begin(), readings.end(),
                     [](const Reading& a, const Reading& b) { return a.file->size > b.file->size; });
    base::WorkQueue queue(fs::processor_count());
    for (auto& reading : readings) {
        queue.add([this, &reading] { reading.found = digest_of(reading.path); },
                  [this, &reading] {
                      if (is_same(reading.found, *reading.file)) return;
                      if (reading.staged == nullptr) blame(*reading.file, reading.found);
                      bring_whole(*reading.staged, reading.found);
                  });
    }
    queue.finish();
}

base::FileDigests Staging::digest_of(const std::string& path) const {
    stop_if_asked();
    return fs::digest_file(*open_named(mirror_, path));
}

// In place of an index that was joined wrongly (the base was not what its name says, or its frames were made
// by other rules), and of what an earlier run left and the disk did not keep.
void Staging::bring_whole(const Staged& staged, const base::FileDigests& found) {
    if (staged.join == nullptr && !staged.is_left) blame(staged.file, found);
    mirror_.remove(staged.staged_path);
    bring_staged({staged.staged_path, staged.file});
    mirror_.open_read(staged.staged_path)->sync();
    const auto again = digest_of(staged.staged_path);
    if (!is_same(again, staged.file)) blame(staged.file, again);
}

// Either the source has it wrong, or the mirror's disk does not keep what it was given.
void Staging::blame(const ContentFile& file, const base::FileDigests& found) const {
    fs::Filesystem& source = request_.source.filesystem();
    const std::string source_path = request_.source.path_of(file.path);
    const auto told = [&](const base::FileDigests& digests) {
        return fmt::format("expected {} bytes with digest {}, found {} bytes with digest {}", file.size,
                           file.sha256, digests.size, digests.sha256);
    };
    const auto opened = open_named(source, source_path);
    const auto origin = fs::digest_file(*opened);
    if (!is_same(origin, file)) {
        damaged(fs::join_path(source.root(), source_path), told(origin),
                "the source is damaged: repotool fsck looks for more");
    }
    damaged(fs::join_path(mirror_.root(), file.path), told(found), "the mirror's disk may be failing");
}

void Staging::stop_if_asked() const {
    if (request_.stop.stop_requested()) throw Cancelled();
}

void forget_unfinished(fs::Filesystem& mirror, const std::string& directory) {
    for (const auto& name : mirror.list(directory + "/files")) {
        if (name.ends_with(kUnfinished)) mirror.remove(directory + "/files/" + name);
    }
    fs::remove_tree(mirror, directory + "/tree");
    fs::remove_tree(mirror, directory + "/keys");
}

void remove_content(fs::Filesystem& mirror, const std::string& repository,
                    const std::vector<std::string>& names) {
    // Deepest first, each directory looked at once.
    std::set<std::string, std::greater<>> directories;
    for (const auto& name : names) {
        const bool is_ours = name.starts_with(store::layout::pool(repository) + "/") ||
                             name.starts_with(store::layout::meta(repository) + "/");
        if (!is_ours || !store::is_safe_path(name)) continue;
        mirror.remove(name);
        for (auto path = fs::parent_path(name); !path.empty(); path = fs::parent_path(path)) {
            if (!directories.insert(path).second) break;
        }
    }
    for (const auto& path : directories) {
        if (mirror.status(path) && mirror.list(path).empty()) mirror.remove(path);
    }
}

void place_keys(fs::Filesystem& mirror, const std::string& directory) {
    const std::string staged = directory + "/keys";
    const auto names = mirror.list(staged);
    if (names.empty()) return;
    if (mirror.make_directory("keys", 0755)) mirror.sync_directory("");
    for (const auto& name : names) mirror.rename(staged + "/" + name, "keys/" + name, fs::Replace::yes);
    mirror.sync_directory("keys");
}

}  // namespace repotool::sync
