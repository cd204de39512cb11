// SPDX-License-Identifier: GPL-3.0-or-later
#include "crash_workload.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "core/base/digest.hpp"
#include "core/base/time.hpp"
#include "core/fs/testing/memory_filesystem.hpp"
#include "core/fs/tree.hpp"
#include "core/store/head.hpp"
#include "core/store/history.hpp"
#include "core/store/layout.hpp"
#include "core/store/recovery.hpp"
#include "core/store/resume.hpp"
#include "core/store/transaction.hpp"

namespace repotool::store::testing {
namespace {

constexpr base::UnixSeconds kDate = 1'700'000'000;

constexpr int kMany = 130;  // more than SyncBatch syncs one by one

std::string package_bytes(std::uint64_t generation) {
    return fmt::format("bytes of the package of generation {}", generation);
}
std::string text_bytes(std::uint64_t generation) {
    return fmt::format("open text of generation {}", generation);
}
std::string manifest_bytes(std::uint64_t generation) {
    return fmt::format("manifest of generation {}", generation);
}

std::string stage(fs::Filesystem& filesystem, Transaction& transaction, const std::string& bytes) {
    const std::string path = transaction.fresh_path();
    fs::write_new_file(filesystem, path, bytes, 0444, kDate, fs::Durable::no);
    return path;
}

void keep_package(Transaction& transaction, const std::string& staged, std::uint64_t generation) {
    const std::string digest = base::sha256_hex(package_bytes(generation));
    transaction.pin({digest});
    transaction.keep_objects({{staged, digest, package_bytes(generation).size()}});
}

void name_packages(Transaction& transaction, std::uint64_t generation) {
    const std::string pool = layout::pool(kRepository) + "/main/p";
    const std::string digest = base::sha256_hex(package_bytes(generation));
    transaction.add_pool_name(fmt::format("{}/package_{}.deb", pool, generation), digest);
    if (generation == 1) return;
    const std::string older = base::sha256_hex(package_bytes(generation - 1));
    transaction.add_pool_name(fmt::format("{}-again/package_{}.deb", pool, generation), older);
}

void stage_metadata(fs::Filesystem& filesystem, Transaction& transaction, std::uint64_t generation) {
    const std::string meta = layout::meta(kRepository);
    const std::string index = fmt::format("index of generation {}", generation);
    transaction.add_content(stage(filesystem, transaction, index),
                            fmt::format("{}/dists/bookworm/by-hash/{}", meta, base::sha256_hex(index)));
    const auto add_part = [&](std::uint64_t directory, const std::string& bytes) {
        const std::string name = base::sha256_hex(bytes);
        transaction.add_content_bytes(fmt::format("{}/tree/{:02}/{}", meta, directory, name), bytes, kDate);
    };
    add_part(generation, "chunk");
    add_part(0, "the same in all generations");
    transaction.add_shared_link(meta + "/repodata/repomd.xml", "somewhere");
    const std::string text = text_bytes(generation);
    transaction.add_text(stage(filesystem, transaction, text), base::sha256_hex(text));
    if (generation > 1) transaction.drop_text(base::sha256_hex(text_bytes(generation - 1)));
}

void stage_tree(Transaction& transaction, std::uint64_t generation) {
    transaction.add_tree_file("MANIFEST", manifest_bytes(generation), kDate);
    transaction.add_tree_file("dists/bookworm/InRelease", fmt::format("release {}", generation), kDate);
    transaction.add_tree_link("pool", "../../../../pool/" + kRepository);
    transaction.add_tree_link("dists/bookworm/main/by-hash", "../somewhere");
}

void stage_many(fs::Filesystem& filesystem, Transaction& transaction, std::uint64_t generation) {
    std::vector<StagedObject> objects;
    std::vector<std::string> digests;
    for (int i = 0; i < kMany; ++i) {
        const std::string bytes = fmt::format("package {} of generation {}", i, generation);
        digests.push_back(base::sha256_hex(bytes));
        objects.push_back({stage(filesystem, transaction, bytes), digests.back(), bytes.size()});
    }
    transaction.pin(digests);
    transaction.keep_objects(objects);
    for (int i = 0; i < kMany; ++i) {
        const std::string name = fmt::format("{}-{}", generation, i);
        transaction.add_pool_name(fmt::format("{}/main/{}.deb", layout::pool(kRepository), name), digests[i]);
        const std::string path = fmt::format("{}/tree/{}/chunk", layout::meta(kRepository), name);
        transaction.add_content_bytes(path, "chunk " + name, kDate);
    }
}

CommitRequest commit_request(std::uint64_t generation) {
    HistoryRecord record;
    record.operation = "publish";
    record.generation = generation;
    record.parent = generation - 1;
    record.manifest_sha256 = base::sha256_hex(manifest_bytes(generation));
    return {generation == 1 ? std::nullopt : std::optional(generation - 1), generation, record};
}

constexpr const char* kRun = "0123456789abcdef";

// Where the package is staged, by this run or by the dead one.
std::string ingest(fs::Filesystem& filesystem, Transaction& transaction, std::uint64_t generation,
                   Reuses& reuses) {
    const auto earlier = transaction.finished_step("ingest");
    if (earlier && filesystem.status(*earlier) &&
        fs::read_file(filesystem, *earlier) == package_bytes(generation)) {
        ++reuses.packages;
        return *earlier;
    }
    const std::string staged = stage(filesystem, transaction, package_bytes(generation));
    transaction.note_step("ingest", staged, fs::Durable::no);
    return staged;
}

// Every file with its bytes and every symlink with its target, one per line.
std::string describe(fs::Filesystem& filesystem, const std::string& directory) {
    std::string text;
    fs::walk(filesystem, directory, [&](const std::string& path, const fs::Status& status) {
        const bool is_link = status.kind == fs::Kind::symlink;
        text += fmt::format("{} {:o} {}\n", path, status.mode,
                            is_link ? *filesystem.read_link(path) : fs::read_file(filesystem, path));
    });
    return text;
}

// What clients see of a generation that nothing happened to.
const std::string& expected_public(std::uint64_t generation, Size size) {
    static std::map<std::pair<std::uint64_t, Size>, std::string> known;
    auto& text = known[{generation, size}];
    if (text.empty()) {
        fs::testing::MemoryFilesystem filesystem(published_disk(generation, size));
        text = describe(filesystem, "public");
    }
    return text;
}

void require_named_by_digest(fs::Filesystem& filesystem, const std::string& directory) {
    fs::walk(filesystem, directory, [&](const std::string& path, const fs::Status&) {
        INFO(path);
        REQUIRE(base::sha256_hex(fs::read_file(filesystem, path)) == fs::base_name(path));
    });
}

}  // namespace

void publish(fs::Filesystem& filesystem, std::uint64_t generation, Size size,
             const std::function<void()>& before_lock) {
    Site site(filesystem, base::system_clock());
    site.prepare_for_writing();
    const auto transaction = Transaction::begin(site, kRepository, "publish");
    const std::string staged = stage(filesystem, *transaction, package_bytes(generation));
    if (generation > 1) transaction->pin({base::sha256_hex(package_bytes(generation - 1))});
    if (before_lock) before_lock();
    const auto lock = site.lock_repository(kRepository, 0, "a test");
    recover(site, kRepository);
    keep_package(*transaction, staged, generation);
    name_packages(*transaction, generation);
    stage_metadata(filesystem, *transaction, generation);
    if (size == Size::large) stage_many(filesystem, *transaction, generation);
    stage_tree(*transaction, generation);
    transaction->commit(commit_request(generation));
}

void publish_as_run(fs::Filesystem& filesystem, std::uint64_t generation, Reuses& reuses) {
    Site site(filesystem, base::system_clock());
    site.prepare_for_writing();
    Resumed resumed = resume(site, {kRepository, kRun, 0, "a test"});
    if (resumed.flipped) return void(++reuses.flips);
    const auto transaction = resumed.transaction ? std::move(resumed.transaction)
                                                 : Transaction::begin(site, kRepository, "publish", kRun);
    const std::string staged = ingest(filesystem, *transaction, generation, reuses);
    if (generation > 1) transaction->pin({base::sha256_hex(package_bytes(generation - 1))});
    const auto lock = site.lock_repository(kRepository, 0, "a test");
    recover(site, kRepository);
    keep_package(*transaction, staged, generation);
    const std::string what = std::to_string(generation);
    if (transaction->noted_staging() == what && transaction->restore_staged()) {
        ++reuses.generations;
    } else {
        if (transaction->is_resumed()) transaction->put_tree_aside();
        name_packages(*transaction, generation);
        stage_metadata(filesystem, *transaction, generation);
        stage_tree(*transaction, generation);
        transaction->note_staged(what);
    }
    transaction->commit(commit_request(generation));
}

fs::testing::DiskImage published_disk(std::uint64_t generation, Size size) {
    static std::map<std::pair<std::uint64_t, Size>, fs::testing::DiskImage> known;
    auto& image = known[{generation, size}];
    if (image.nodes.empty()) {
        fs::testing::MemoryFilesystem filesystem;
        for (std::uint64_t i = 1; i <= generation; ++i) publish(filesystem, i, size);
        image = filesystem.image();
    }
    return image;
}

std::optional<std::uint64_t> current(fs::Filesystem& filesystem) {
    return make_symlink_head(filesystem, "public", kRepository)->current();
}

void recover_site(fs::Filesystem& filesystem) {
    Site site(filesystem, base::system_clock());
    site.prepare_for_writing();
    const auto lock = site.lock_repository(kRepository, 0, "a test");
    recover(site, kRepository);
}

void require_public(fs::Filesystem& filesystem, std::uint64_t generation, Size size) {
    REQUIRE(current(filesystem).value_or(0) == generation);
    REQUIRE(describe(filesystem, "public") == expected_public(generation, size));
}

void require_whole(fs::Filesystem& filesystem, std::uint64_t generation, Size size) {
    require_public(filesystem, generation, size);
    REQUIRE(filesystem.list("private/txn").empty());
    require_named_by_digest(filesystem, "private/objects/sha256");
    const auto history = History(filesystem, kRepository).read();
    REQUIRE(history.size() == generation);
    for (std::uint64_t i = 0; i < generation; ++i) {
        REQUIRE(history[i].generation == i + 1);
        REQUIRE(history[i].manifest_sha256 == base::sha256_hex(manifest_bytes(i + 1)));
    }
}

void require_recoverable(fs::Filesystem& filesystem, std::uint64_t oldest, std::uint64_t newest, Size size) {
    recover_site(filesystem);
    const std::uint64_t found = current(filesystem).value_or(0);
    REQUIRE(found >= oldest);
    REQUIRE(found <= newest);
    require_whole(filesystem, found, size);
    // Most disks are equal after recovery: one publish on each kind is enough.
    static std::set<std::pair<std::uint64_t, std::string>> tried;
    if (!tried.emplace(found, base::sha256_hex(describe(filesystem, "private"))).second) return;
    publish(filesystem, found + 1, size);
    require_whole(filesystem, found + 1, size);
}

}  // namespace repotool::store::testing
