// SPDX-License-Identifier: GPL-3.0-or-later
// The commit core under every single failure: whatever operation fails, once or from then on, clients see the
// old generation or the new one, and the next writer needs no help.
#include <catch2/catch.hpp>
#include <cerrno>
#include <set>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/fs/testing/failing_filesystem.hpp"
#include "core/fs/tree.hpp"
#include "core/store/head.hpp"
#include "core/store/history.hpp"
#include "core/store/layout.hpp"
#include "core/store/line_log.hpp"
#include "core/store/recovery.hpp"
#include "core/store/transaction.hpp"
#include "core/store/transaction_journal.hpp"
#include "tests/support/temporary_directory.hpp"

namespace repotool::store {
namespace {

using fs::testing::Failure;
using fs::testing::FaultPlan;

const std::string kRepository = "test/change-1";

std::string package_bytes(std::uint64_t generation) {
    return "bytes of the package of generation " + std::to_string(generation);
}

// Publishes one generation with one package, one index and one pointer file.
void publish(fs::Filesystem& filesystem, std::uint64_t generation) {
    Site site(filesystem, base::system_clock());
    site.prepare_for_writing();
    const auto lock = site.lock_repository(kRepository, 5, "a test");
    recover(site, kRepository);
    const auto transaction = Transaction::begin(site, kRepository, "publish");
    const std::string staged = transaction->fresh_path();
    fs::write_new_file(filesystem, staged, package_bytes(generation), 0444, 0, fs::Durable::no);
    const std::string digest = base::sha256_hex(package_bytes(generation));
    transaction->pin({digest});
    transaction->keep_objects({{staged, digest, package_bytes(generation).size()}});
    transaction->add_pool_name("pool/" + kRepository + "/p/package_" + std::to_string(generation) + ".deb",
                               digest);
    transaction->add_content_bytes("meta/" + kRepository + "/by-hash/" + std::to_string(generation), "index",
                                   1000);
    transaction->add_shared_link("meta/" + kRepository + "/repomd.xml", "somewhere");
    const std::string manifest = "manifest of " + std::to_string(generation);
    transaction->add_tree_file("MANIFEST", manifest, 1000);
    transaction->add_tree_file("dists/bookworm/InRelease", "release", 1000);
    transaction->add_tree_link("pool", "../pool");
    HistoryRecord record;
    record.operation = "publish";
    record.generation = generation;
    record.parent = generation - 1;
    record.manifest_sha256 = base::sha256_hex(manifest);
    transaction->commit({generation == 1 ? std::nullopt : std::optional(generation - 1), generation, record});
}

std::optional<std::uint64_t> current(fs::Filesystem& filesystem) {
    return make_symlink_head(filesystem, "public", kRepository)->current();
}

// Everything that the current generation names is there, and nothing of a later one.
void require_consistent(fs::Filesystem& filesystem, std::uint64_t generation) {
    for (std::uint64_t i = 1; i <= generation; ++i) {
        const std::string number = std::to_string(i);
        REQUIRE(fs::read_file(filesystem, "public/gen/" + kRepository + "/" + number + "/MANIFEST") ==
                "manifest of " + number);
        REQUIRE(fs::read_file(filesystem, "public/pool/" + kRepository + "/p/package_" + number + ".deb") ==
                package_bytes(i));
        REQUIRE(fs::read_file(filesystem, "public/meta/" + kRepository + "/by-hash/" + number) == "index");
    }
}

void require_nothing_of(fs::Filesystem& filesystem, std::uint64_t generation) {
    const std::string number = std::to_string(generation);
    CHECK_FALSE(filesystem.status("public/gen/" + kRepository + "/" + number));
    CHECK_FALSE(filesystem.status("public/pool/" + kRepository + "/p/package_" + number + ".deb"));
    CHECK_FALSE(filesystem.status("public/meta/" + kRepository + "/by-hash/" + number));
}

}  // namespace

TEST_CASE("generations follow each other and the history tells of each", "[transaction]") {
    testing::TemporaryDirectory directory;
    const auto filesystem = fs::open_posix_filesystem(directory.path());
    for (std::uint64_t i = 1; i <= 3; ++i) publish(*filesystem, i);
    CHECK(current(*filesystem) == 3);
    require_consistent(*filesystem, 3);
    CHECK(filesystem->list("private/txn").empty());
    CHECK(History(*filesystem, kRepository).read().size() == 3);
    CHECK(filesystem->read_link("public/test/change-1") == "../gen/test/change-1/3");
    CHECK(filesystem->status(layout::object(base::sha256_hex(package_bytes(1))))->mode == 0444);
}

TEST_CASE("whatever operation fails, clients see old or new and the next publisher goes on",
          "[transaction][crash]") {
    const auto failure = GENERATE(Failure::once, Failure::from_then_on);
    const int error_number = GENERATE(EIO, ENOSPC);
    std::uint64_t points = 0;
    for (std::uint64_t fail_at = 1;; ++fail_at) {
        testing::TemporaryDirectory directory;
        const auto filesystem = fs::open_posix_filesystem(directory.path());
        publish(*filesystem, 1);
        FaultPlan plan(fail_at, error_number, failure);
        const auto failing = fs::testing::make_failing_filesystem(*filesystem, plan);
        bool failed = false;
        try {
            publish(*failing, 2);
        } catch (const base::Error& error) {
            failed = true;
            CHECK(error.kind() == base::ErrorKind::storage);
        }
        if (!plan.has_failed()) break;
        ++points;
        INFO("failing operation: " << plan.log().at(fail_at - 1)
                                   << (failed ? ", reported" : ", not reported"));
        const std::uint64_t seen = current(*filesystem).value_or(0);
        REQUIRE((seen == 1 || seen == 2));
        if (!failed) REQUIRE(seen == 2);  // I5: acknowledged is durable
        require_consistent(*filesystem, seen);
        // I6: the next writer needs no flag.
        publish(*filesystem, seen + 1);
        REQUIRE(current(*filesystem) == seen + 1);
        require_consistent(*filesystem, seen + 1);
        REQUIRE(filesystem->list("private/txn").empty());
        REQUIRE(History(*filesystem, kRepository).read().size() == seen + 1);
    }
    CHECK(points > 40);
}

TEST_CASE("a publisher that fails before the flip takes back every name that it made", "[transaction]") {
    for (std::uint64_t fail_at = 1;; ++fail_at) {
        testing::TemporaryDirectory directory;
        const auto filesystem = fs::open_posix_filesystem(directory.path());
        publish(*filesystem, 1);
        FaultPlan plan(fail_at, EIO, Failure::once);
        const auto failing = fs::testing::make_failing_filesystem(*filesystem, plan);
        try {
            publish(*failing, 2);
        } catch (const base::Error&) {
            // expected
        }
        if (!plan.has_failed()) break;
        if (current(*filesystem) != 1) continue;
        INFO("failing operation: " << plan.log().at(fail_at - 1));
        require_nothing_of(*filesystem, 2);
        CHECK(filesystem->list("private/txn").empty());
    }
}

TEST_CASE("recovery that fails itself is finished by the next one", "[transaction][crash]") {
    // Every operation from `first` on fails, then the recovery of the next publisher fails at each of its
    // operations in turn.
    for (std::uint64_t first = 20; first <= 60; first += 5) {
        for (std::uint64_t second = 1; second <= 40; second += 3) {
            testing::TemporaryDirectory directory;
            const auto filesystem = fs::open_posix_filesystem(directory.path());
            publish(*filesystem, 1);
            FaultPlan crash(first, EIO, Failure::from_then_on);
            const auto crashing = fs::testing::make_failing_filesystem(*filesystem, crash);
            CHECK_THROWS_AS(publish(*crashing, 2), base::Error);
            FaultPlan again(second, EIO, Failure::from_then_on);
            const auto failing = fs::testing::make_failing_filesystem(*filesystem, again);
            const std::uint64_t before = current(*filesystem).value_or(0);
            try {
                publish(*failing, before + 1);
            } catch (const base::Error&) {
                // the point is what comes after it
            }
            const std::uint64_t seen = current(*filesystem).value_or(0);
            INFO("crash at " << first << ", recovery fails at " << second);
            require_consistent(*filesystem, seen);
            publish(*filesystem, seen + 1);
            require_consistent(*filesystem, seen + 1);
            REQUIRE(filesystem->list("private/txn").empty());
            REQUIRE(History(*filesystem, kRepository).read().size() == seen + 1);
        }
    }
}

TEST_CASE("of two publishers with the same parent one gets the number, the other a conflict",
          "[transaction]") {
    testing::TemporaryDirectory directory;
    const auto filesystem = fs::open_posix_filesystem(directory.path());
    publish(*filesystem, 1);
    publish(*filesystem, 2);
    try {
        publish(*filesystem, 2);  // believes that 1 is current
        FAIL("both were published");
    } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::conflict);
        CHECK(base::is_retryable(error.kind()));
    }
    CHECK(current(*filesystem) == 2);
    require_consistent(*filesystem, 2);
    CHECK(filesystem->list("private/txn").empty());
}

TEST_CASE("a living transaction is not taken for a dead one", "[transaction]") {
    testing::TemporaryDirectory directory;
    const auto filesystem = fs::open_posix_filesystem(directory.path());
    Site site(*filesystem, base::system_clock());
    site.prepare_for_writing();
    const auto living = Transaction::begin(site, kRepository, "publish");
    const std::string staged = living->fresh_path();
    fs::write_new_file(*filesystem, staged, "x", 0600, 0, fs::Durable::no);
    publish(*filesystem, 1);  // recovers first
    CHECK(filesystem->status(staged));
}

TEST_CASE("a request that a publisher may be carrying out goes with its repository's lock alone",
          "[transaction]") {
    testing::TemporaryDirectory directory;
    const auto filesystem = fs::open_posix_filesystem(directory.path());
    Site site(*filesystem, base::system_clock());
    site.prepare_for_writing();
    const std::string dead = "private/txn/1-1-dead";
    fs::make_directories(*filesystem, dead + "/files", 0700);
    const auto write = [&](const std::string& name, const std::string& text) {
        fs::write_new_file(*filesystem, dead + name, text, 0600, 0, fs::Durable::no);
    };
    write("/lock", "");
    append_line(*filesystem, dead + "/journal", journal_begin(kRepository, "publish"));
    write("/request.taken", "{}");
    write("/files/1", "a package");
    recover(site, "another");
    CHECK(filesystem->status(dead + "/files/1"));
    recover(site, kRepository);
    CHECK_FALSE(filesystem->status(dead));
}

TEST_CASE("a lock that is held names its holder when the wait is over", "[site]") {
    testing::TemporaryDirectory directory;
    const auto filesystem = fs::open_posix_filesystem(directory.path());
    Site site(*filesystem, base::system_clock());
    site.prepare_for_writing();
    const auto held = site.lock_repository("stable", 1, "https://ci.example.com/job/7");
    try {
        site.lock_repository("stable", 0, "other");
        FAIL("two holders");
    } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::conflict);
        CHECK(std::string(error.what()).find("job/7") != std::string::npos);
    }
    CHECK_NOTHROW(site.lock_repository("testing", 0, "another repository does not wait"));
}

TEST_CASE("one repository cannot lie below another", "[site]") {
    testing::TemporaryDirectory directory;
    const auto filesystem = fs::open_posix_filesystem(directory.path());
    publish(*filesystem, 1);  // test/change-1
    Site site(*filesystem, base::system_clock());
    CHECK_THROWS_AS(site.check_prefix_free("test"), base::Error);
    CHECK_THROWS_AS(site.check_prefix_free("test/change-1/deeper"), base::Error);
    CHECK_NOTHROW(site.check_prefix_free("test/change-2"));
    CHECK_NOTHROW(site.check_prefix_free("test/change-1"));
}

TEST_CASE("a head that is not ours is damage, not an empty repository", "[head]") {
    testing::TemporaryDirectory directory;
    const auto filesystem = fs::open_posix_filesystem(directory.path());
    filesystem->make_directory("public", 0755);
    for (const char* target :
         {"/etc", "../../etc", "gen/stable/x", "gen/other/1", "gen/stable/1/..", "gen/stable/0"}) {
        filesystem->remove("public/stable");
        filesystem->symlink(target, "public/stable");
        INFO(target);
        CHECK_THROWS_AS(make_symlink_head(*filesystem, "public", "stable")->current(), base::Error);
    }
}

}  // namespace repotool::store
