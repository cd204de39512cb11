// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/staged_check.hpp"

#include <fmt/format.h>

#include <map>
#include <numeric>
#include <optional>

#include "core/base/background_hasher.hpp"
#include "core/base/error.hpp"
#include "core/base/work_queue.hpp"
#include "core/fs/host.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/layout.hpp"
#include "repotool/index/contents_check.hpp"
#include "repotool/index/extras.hpp"
#include "repotool/index/index_check.hpp"
#include "repotool/index/stored_index.hpp"
#include "signing/verifier.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;

// By-hash files and manifest parts are named by their digest, RPM indexes begin with it.
std::string digest_in_name(const std::string& path) {
    return fs::base_name(path).substr(0, 64);
}

// Staged files whose digests nobody has compared with the disk yet: some at a time, a block of each in turn,
// so that they are hashed side by side.
class ContentCheck {
public:
    ContentCheck(fs::Filesystem& filesystem, const store::Transaction& transaction)
        : filesystem_(filesystem), waiting_(transaction.staged_content()) {}

    void run() {
        while (begin_more()) {
            for (auto& reading : readings_) read_block(reading);
            std::erase_if(readings_, [](const Reading& reading) { return reading.is_done; });
        }
    }

private:
    struct Reading {
        std::string path;
        std::unique_ptr<fs::File> file;
        std::unique_ptr<base::BackgroundHasher> hasher;
        std::uint64_t offset = 0;
        bool is_done = false;
    };

    // False where nothing is left to read.
    bool begin_more() {
        for (; readings_.size() < together_ && next_ < waiting_.size(); ++next_) {
            const auto& content = waiting_[next_];
            if (content.proof == store::ContentProof::read_back) continue;
            readings_.push_back({content.path, filesystem_.open_read(content.staged_path),
                                 std::make_unique<base::BackgroundHasher>(), 0, false});
        }
        return !readings_.empty();
    }

    void read_block(Reading& reading) {
        const std::size_t count = reading.file->read_at(buffer_, reading.offset);
        reading.hasher->update(std::string_view(buffer_).substr(0, count));
        reading.offset += count;
        reading.is_done = count == 0;
        if (!reading.is_done) return;
        const std::string found = reading.hasher->sha256();
        if (found == digest_in_name(reading.path)) return;
        throw Error(ErrorKind::integrity, "verify", reading.path,
                    fmt::format("the file on disk has digest {}", found), "the disk or memory may be faulty");
    }

    fs::Filesystem& filesystem_;
    const std::vector<store::Transaction::StagedContent>& waiting_;
    const std::size_t together_ = fs::processor_count();
    std::size_t next_ = 0;
    std::vector<Reading> readings_;
    std::string buffer_ = std::string(std::size_t{256} << 10U, '\0');
};

// Where a content-named file is staged; empty where it was published before.
std::optional<std::string> staged_path(const store::Transaction& transaction, const std::string& path) {
    for (const auto& content : transaction.staged_content()) {
        if (content.path == path) return content.staged_path;
    }
    return std::nullopt;
}

// What is new unpacks to what repomd.xml says.
void check_extras(fs::Filesystem& filesystem, const store::Transaction& transaction,
                  const StagedGeneration& generation, const store::SetEntry& set) {
    for (const auto& extra : set.extras) {
        const std::string path = store::layout::meta(generation.manifest.repository) + "/" +
                                 store::extra_path(set.dist, set.architecture, extra);
        if (const auto staged = staged_path(transaction, path)) read_extra_text(filesystem, *staged, extra);
    }
}

StoredIndex open_index(fs::Filesystem& filesystem, const store::Transaction& transaction,
                       const std::string& repository, const BuiltSet& built, const store::IndexEntry& index,
                       const store::FrameTable& table) {
    const std::string path = store::layout::meta(repository) + "/" + store::index_path(built.entry, index);
    return {filesystem.open_read(staged_path(transaction, path).value_or("public/" + path)),
            index.compression, *table.find(index.name)};
}

// What was rendered is unpacked and read; what was copied was compared with its checksum then. The sets and
// the generation outlive the work.
void check_frames(fs::Filesystem& filesystem, const store::Transaction& transaction,
                  const StagedGeneration& generation, const BuiltSet& built, base::WorkQueue& queue) {
    const auto open = [&](const store::IndexEntry& index, const store::FrameTable& table) {
        return std::make_shared<const StoredIndex>(
            open_index(filesystem, transaction, generation.manifest.repository, built, index, table));
    };
    for (const auto& index : built.entry.indexes) {
        if (index.compression == "none") continue;
        if (index.name == "Contents") {
            if (built.contents->rendered.empty()) continue;
            const auto stored = open(index, built.contents->frames);
            for (const std::size_t place : built.contents->rendered)
                queue.add([&lines = built.contents->lines[place], stored,
                           place] { check_contents_text(stored->text(place + 1), lines); },
                          [] {});
            continue;
        }
        const auto stored = open(index, built.frames);
        for (const std::size_t place : built.rendered) {
            const store::ChunkPiece& piece = built.plan.pieces[place];
            std::vector<store::Record> of_parent;
            if (piece.parent_index) of_parent = generation.parent->records(piece.reference);
            queue.add(
                [&built, &piece, &name = index.name, stored, place, of_parent = std::move(of_parent)] {
                    check_index_text(name, built.plan.dist, stored->text(place + 1),
                                     piece.parent_index ? of_parent : piece.records);
                },
                [] {});
        }
    }
}

void check_object(fs::Filesystem& filesystem, const store::ContentFile& file) {
    const auto status = filesystem.status(store::layout::object(file.sha256));
    const std::string pool = "public/" + file.path;
    // A name that is published already holds these very bytes: a hard link to the object, or a copy of it.
    const auto published = filesystem.status(pool);
    const bool same = !published || (status && published->inode == status->inode) ||
                      fs::digest_file(*filesystem.open_read(pool)).sha256 == file.sha256;
    if (!same)
        throw Error(ErrorKind::integrity, "verify", pool, "it holds other bytes than the index would say");
    if (status && status->kind == fs::Kind::file && status->size == file.size) return;
    throw Error(ErrorKind::integrity, "verify", pool,
                fmt::format("expected an object of {} bytes, found {}", file.size,
                            status ? std::to_string(status->size) : "none"));
}

void check_objects(fs::Filesystem& filesystem, const std::string& repository, const SetPlan& plan) {
    for (const auto& piece : plan.pieces) {
        for (const auto& record : piece.records) {
            for (const auto& file : store::pool_files(repository, record)) check_object(filesystem, file);
        }
    }
}

void demand_good(const signing::Verdict& verdict, const std::string& path) {
    if (!verdict.good)
        throw Error(ErrorKind::signing, "verify", path, verdict.reason,
                    "clients would refuse this signature; nothing was published");
}

void check_signatures(fs::Filesystem& filesystem, const store::Transaction& transaction,
                      const StagedGeneration& generation, const std::string& public_key) {
    signing::Verifier verifier({public_key});
    const auto read = [&](const std::string& path) {
        return fs::read_file(filesystem, transaction.tree_path(path));
    };
    const auto detached = [&](const std::string& path, const std::string& signature) {
        demand_good(verifier.check_detached(read(path), read(signature)), signature);
    };
    detached("MANIFEST", "MANIFEST.asc");
    for (const auto& sub_manifest : generation.sub_manifests) {
        for (const auto& pointer : sub_manifest.pointers) {
            const std::string directory = fs::parent_path(pointer.path);
            if (pointer.path.ends_with("Release.gpg")) detached(directory + "/Release", pointer.path);
            if (pointer.path.ends_with("repomd.xml.asc")) detached(directory + "/repomd.xml", pointer.path);
            if (!pointer.path.ends_with("InRelease")) continue;
            std::string text;
            demand_good(verifier.check_clear_signed(read(pointer.path), text), pointer.path);
            if (text != read(directory + "/Release"))
                throw Error(ErrorKind::integrity, "verify", pointer.path, "it differs from Release");
        }
    }
}

}  // namespace

void check_staged(fs::Filesystem& filesystem, const store::Transaction& transaction,
                  const std::vector<BuiltSet>& built, const StagedGeneration& generation,
                  signing::Signer* signer) {
    ContentCheck(filesystem, transaction).run();
    // What no reader of ours would accept must not become current: nobody could publish over it.
    store::parse_manifest(generation.manifest_text);
    for (const auto& sub_manifest : generation.sub_manifests)
        store::parse_sub_manifest(store::render_sub_manifest(sub_manifest));
    base::WorkQueue queue(fs::processor_count());
    for (const auto& set : built) {
        for (const auto& piece : set.plan.pieces) {
            if (!piece.text.empty()) queue.add([&piece] { store::parse_records(piece.text); }, [] {});
        }
        check_frames(filesystem, transaction, generation, set, queue);
        check_extras(filesystem, transaction, generation, set.entry);
        check_objects(filesystem, generation.manifest.repository, set.plan);
    }
    queue.finish();
    if (signer == nullptr) return;
    // A client may know any one of the keys, and no other.
    for (const auto& key : signer->public_keys())
        check_signatures(filesystem, transaction, generation, key.armored);
}

}  // namespace repotool::publisher
