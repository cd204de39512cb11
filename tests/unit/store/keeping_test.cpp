// SPDX-License-Identifier: GPL-3.0-or-later
// Freezes, tags and the purge list: small files whose answers other modules rely on.
#include <catch2/catch.hpp>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/freeze.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/history.hpp"
#include "core/store/history_event.hpp"
#include "core/store/layout.hpp"
#include "core/store/purge_list.hpp"
#include "core/store/recovery.hpp"
#include "core/store/roster.hpp"
#include "core/store/tags.hpp"
#include "tests/support/temporary_directory.hpp"

namespace repotool::store {
namespace {

const std::string kDigest(64, 'a');
const std::string kOther(64, 'b');

class KeepingTest {
protected:
    KeepingTest()
        : filesystem_(fs::open_posix_filesystem(directory_.path())),
          site_(*filesystem_, base::system_clock()) {
        site_.prepare_for_writing();
    }
    // A repository with a history and these generations, the last one current.
    void make(const std::string& repository, std::uint64_t generations) {
        for (std::uint64_t i = 1; i <= generations; ++i) {
            fs::make_directories(*filesystem_, "public/" + layout::generation(repository, i), 0755);
            HistoryRecord record;
            record.operation = "publish";
            record.generation = i;
            record.parent = i - 1;
            record.manifest_sha256 = kDigest;
            History(*filesystem_, repository).append(record);
        }
        const std::string head = "public/" + layout::head(repository);
        fs::make_directories(*filesystem_, fs::parent_path(head), 0755);
        filesystem_->symlink(layout::head_target(repository, generations), head);
    }
    HistoryRecord last(const std::string& repository) {
        return History(*filesystem_, repository).last().value();
    }

    testing::TemporaryDirectory directory_;
    std::unique_ptr<fs::Filesystem> filesystem_;
    Site site_;
};

base::ErrorKind kind_of(const std::function<void()>& call) {
    try {
        call();
    } catch (const base::Error& error) {
        return error.kind();
    }
    return base::ErrorKind::internal;
}

}  // namespace

TEST_CASE_METHOD(KeepingTest, "a frozen repository says who froze it, when and why, until it is thawed",
                 "[freeze]") {
    make("test/one", 2);
    CHECK_FALSE(frozen(*filesystem_, "test/one"));
    check_not_frozen(*filesystem_, "test/one", "publish into");
    CHECK(freeze(site_, "test/one", {"release week", "ann@host", 86400}));
    CHECK_FALSE(freeze(site_, "test/one", {"again", "bob@host", 90000}));
    CHECK(frozen(*filesystem_, "test/one")->by == "ann@host");
    try {
        check_not_frozen(*filesystem_, "test/one", "publish into");
        FAIL("it is not frozen");
    } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::policy);
        CHECK(error.reason() == "it is frozen by ann@host since 1970-01-02T00:00:00Z: release week");
        CHECK(error.hint().find("repotool thaw test/one") == 0);
    }
    CHECK(last("test/one").operation == "freeze");
    CHECK(last("test/one").generation == 2);
    CHECK_FALSE(frozen(*filesystem_, "test"));  // a directory, because of test/one
    CHECK(thaw(site_, "test/one"));
    CHECK_FALSE(thaw(site_, "test/one"));
    check_not_frozen(*filesystem_, "test/one", "publish into");
    CHECK(last("test/one").operation == "thaw");
}

TEST_CASE_METHOD(KeepingTest, "a damaged freeze is no thaw", "[freeze]") {
    fs::make_directories(*filesystem_, "private/frozen", 0700);
    fs::write_new_file(*filesystem_, "private/frozen/stable", "{", 0600, 0, fs::Durable::no);
    CHECK(kind_of([&] { check_not_frozen(*filesystem_, "stable", "publish into"); }) ==
          base::ErrorKind::integrity);
}

TEST_CASE_METHOD(KeepingTest, "a tag names one generation and never silently another", "[tags]") {
    make("stable", 3);
    CHECK(add_tag(site_, "stable", 2, "7.0-GA"));
    CHECK_FALSE(add_tag(site_, "stable", 2, "7.0-GA"));
    CHECK(kind_of([&] { add_tag(site_, "stable", 3, "7.0-GA"); }) == base::ErrorKind::policy);
    CHECK(kind_of([&] { add_tag(site_, "stable", 4, "other"); }) == base::ErrorKind::usage);
    for (const char* name : {"", "7", ".hidden", "a/b", "-x", "a b"}) {
        INFO(name);
        CHECK(kind_of([&] { add_tag(site_, "stable", 3, name); }) == base::ErrorKind::usage);
    }
    CHECK(filesystem_->read_link("public/gen/stable/7.0-GA") == "2");
    CHECK(list_tags(*filesystem_, "public", "stable") == std::map<std::string, std::uint64_t>{{"7.0-GA", 2}});
    CHECK(list_generations(*filesystem_, "public", "stable") == std::vector<std::uint64_t>{1, 2, 3});
    CHECK(last("stable").operation == "tag");
    CHECK(last("stable").meta.at("tagged") == "2");
    CHECK(delete_tag(site_, "stable", "7.0-GA") == 2);
    CHECK_FALSE(delete_tag(site_, "stable", "7.0-GA"));
    CHECK(last("stable").operation == "untag");
}

TEST_CASE_METHOD(KeepingTest, "a misspelt tag is answered with the one that was meant", "[tags]") {
    make("stable", 1);
    add_tag(site_, "stable", 1, "7.0-GA");
    try {
        open_generation(*filesystem_, "public", "stable@7.0-GB");
        FAIL("it was found");
    } catch (const base::Error& error) {
        CHECK(error.kind() == base::ErrorKind::usage);
        CHECK(error.hint() == "did you mean 'stable@7.0-GA'?");
    }
}

TEST_CASE_METHOD(KeepingTest, "a purged file is refused by each of its digests", "[purge]") {
    CHECK(PurgeList(*filesystem_).is_empty());
    PurgedEntry entry;
    entry.sha256 = kDigest;
    entry.unsigned_sha256 = kOther;
    entry.content = std::string(64, 'c');
    entry.name = "hello";
    entry.version = "1.0-1";
    entry.reason = "holds a password";
    entry.by = "ann@host";
    add_purged(site_, {entry});
    add_purged(site_, {entry});
    const PurgeList list(*filesystem_);
    REQUIRE(list.entries().size() == 1);
    for (const auto& digest : {kDigest, kOther, entry.content}) CHECK(list.find(digest)->name == "hello");
    CHECK_FALSE(list.find(""));
    CHECK_FALSE(list.find(std::string(64, 'd')));
    CHECK_FALSE(list.entries()[0].finished);
    CHECK(kind_of([&] {
              check_not_purged(list, {"", kOther}, "publish", "hello.deb");
          }) == base::ErrorKind::policy);
    finish_purged(site_, {kDigest});
    CHECK(PurgeList(*filesystem_).find(kOther)->finished);
}

TEST_CASE_METHOD(KeepingTest, "a torn line of the purge list was never acknowledged and does not stay",
                 "[purge]") {
    PurgedEntry entry;
    entry.sha256 = kDigest;
    add_purged(site_, {entry});
    filesystem_->open_append(layout::kPurgeList)->write("0000");
    CHECK(PurgeList(*filesystem_).entries().size() == 1);
    entry.sha256 = kOther;
    add_purged(site_, {entry});
    CHECK(PurgeList(*filesystem_).entries().size() == 2);
}

TEST_CASE_METHOD(KeepingTest, "an expired repository goes on counting where it stopped and keeps what it has",
                 "[recovery]") {
    make("test/one", 2);
    filesystem_->remove("public/test/one");
    recover(site_, "test/one");
    CHECK(list_generations(*filesystem_, "public", "test/one") == std::vector<std::uint64_t>{1, 2});
    CHECK(next_generation_number(*filesystem_, "test/one") == 3);
    CHECK(next_generation_number(*filesystem_, "test/new") == 1);
    // A claim whose journal was lost.
    fs::make_directories(*filesystem_, "public/gen/test/one/3", 0755);
    recover(site_, "test/one");
    CHECK_FALSE(filesystem_->status("public/gen/test/one/3"));
}

}  // namespace repotool::store
