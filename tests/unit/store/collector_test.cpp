// SPDX-License-Identifier: GPL-3.0-or-later
// gc with a clock that the test moves: what may go when, and what never.
#include "core/store/collector.hpp"

#include <catch2/catch.hpp>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/fs/testing/memory_filesystem.hpp"
#include "core/fs/tree.hpp"
#include "core/store/history.hpp"
#include "core/store/layout.hpp"
#include "core/store/recovery.hpp"
#include "core/store/tags.hpp"
#include "core/store/transaction.hpp"
#include "small_repository.hpp"

namespace repotool::store::testing {
namespace {

class CollectorTest {
protected:
    CollectorReport gc() {
        const CollectorReport report = collect_garbage(site_.site(), settings_);
        require_whole(filesystem_);
        return report;
    }
    // Retired generations of all repositories.
    static std::vector<std::uint64_t> retired(const CollectorReport& report) {
        std::vector<std::uint64_t> numbers;
        for (const auto& one : report.repositories)
            numbers.insert(numbers.end(), one.retired.begin(), one.retired.end());
        return numbers;
    }

    fs::testing::MemoryFilesystem filesystem_;
    SmallSite site_{filesystem_};
    CollectorSettings settings_{{48 * kHour, 14 * kDay, 3}, {0, "a test"}};
};

using Numbers = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE_METHOD(CollectorTest, "grace counts from the moment in which a generation stopped being current",
                 "[collector]") {
    for (int i = 1; i <= 6; ++i) {
        site_.publish("stable", {{"hello", std::to_string(i)}});
        site_.clock().advance(kDay);
    }
    // 1 was current until 5 days ago … 3 until 3 days, 4 until 2 days minus nothing, 5 until 1 day.
    CHECK(retired(gc()) == Numbers{1, 2, 3});
    CHECK(retired(gc()).empty());
    CHECK_FALSE(site_.has_generation("stable", 3));
    CHECK(site_.has_generation("stable", 4));
    site_.clock().advance(365 * kDay);
    CHECK(retired(gc()).empty());  // the newest three stay, however old
    require_no_garbage(filesystem_);
}

TEST_CASE_METHOD(CollectorTest, "pitfall 13: A, B, A, C keeps A for the whole grace after its second end",
                 "[collector]") {
    settings_.rules.keep_generations = 1;
    const Packages a{{"hello", "1"}};
    const Packages b{{"hello", "2"}};
    const Packages c{{"hello", "3"}};
    site_.publish("stable", a);
    site_.clock().advance(kHour);
    site_.publish("stable", b);
    site_.clock().advance(30 * kDay);
    site_.publish("stable", a);
    CHECK(retired(gc()) == Numbers{1});  // B was current a moment ago
    CHECK(site_.has_index("stable", a));
    CHECK(site_.has_index("stable", b));
    site_.clock().advance(3 * kDay);
    site_.publish("stable", c);
    CHECK(retired(gc()) == Numbers{2});
    CHECK_FALSE(site_.has_index("stable", b));
    site_.clock().advance(48 * kHour - 1);
    gc();
    CHECK(site_.has_index("stable", a));
    site_.clock().advance(1);
    CHECK(retired(gc()) == Numbers{3});
    CHECK_FALSE(site_.has_index("stable", a));
    // The package stays longer than the metadata, and counts from the same moment.
    site_.clock().advance(12 * kDay - 1);
    gc();
    CHECK(site_.has(SmallSite::pool_path("stable", "hello", "1")));
    site_.clock().advance(1);
    CHECK(gc().objects.files == 1);
    CHECK_FALSE(site_.has(SmallSite::pool_path("stable", "hello", "1")));
    CHECK_FALSE(site_.has(SmallSite::object_path("hello", "1")));
    CHECK(site_.has(SmallSite::pool_path("stable", "hello", "3")));
    site_.clock().advance(14 * kDay);
    gc();
    require_no_garbage(filesystem_);
}

TEST_CASE_METHOD(CollectorTest, "a package that comes back and goes again has its grace again",
                 "[collector]") {
    settings_.rules.keep_generations = 1;
    site_.publish("stable", {{"hello", "1"}});
    site_.clock().advance(kHour);
    site_.publish("stable", {{"hello", "2"}});
    site_.clock().advance(3 * kDay);
    CHECK(retired(gc()) == Numbers{1});  // hello 1 is condemned
    site_.publish("stable", {{"hello", "1"}});
    site_.clock().advance(5 * kDay);
    site_.publish("stable", {{"hello", "3"}});
    site_.clock().advance(8 * kDay);  // over for the first condemnation, not for the second
    CHECK(retired(gc()) == Numbers{2, 3});
    CHECK(site_.has(SmallSite::pool_path("stable", "hello", "1")));
    site_.clock().advance(6 * kDay);
    gc();
    CHECK_FALSE(site_.has(SmallSite::pool_path("stable", "hello", "1")));
    require_no_garbage(filesystem_);
}

TEST_CASE_METHOD(CollectorTest, "a package that came back stays, however often it was condemned",
                 "[collector]") {
    settings_.rules.keep_generations = 1;
    site_.publish("stable", {{"hello", "1"}});
    site_.publish("stable", {{"hello", "2"}});
    site_.clock().advance(3 * kDay);
    gc();
    site_.publish("stable", {{"hello", "1"}});
    site_.clock().advance(300 * kDay);
    gc();
    CHECK(site_.has(SmallSite::pool_path("stable", "hello", "1")));
    CHECK_FALSE(site_.has(SmallSite::pool_path("stable", "hello", "2")));
    require_no_garbage(filesystem_);
}

TEST_CASE_METHOD(CollectorTest, "a tagged generation stays with everything that it names", "[collector]") {
    for (int i = 1; i <= 5; ++i) site_.publish("stable", {{"hello", std::to_string(i)}});
    add_tag(site_.site(), "stable", 1, "7.0-GA");
    site_.clock().advance(100 * kDay);
    CHECK(retired(gc()) == Numbers{2});
    CHECK(site_.has(SmallSite::pool_path("stable", "hello", "1")));
    delete_tag(site_.site(), "stable", "7.0-GA");
    CHECK(retired(gc()) == Numbers{1});
    CHECK_FALSE(site_.has(SmallSite::pool_path("stable", "hello", "1")));
    require_no_garbage(filesystem_);
}

TEST_CASE_METHOD(CollectorTest,
                 "pitfall 15: sets and repositories that share a package do not take it from each other",
                 "[collector]") {
    settings_.rules.keep_generations = 1;
    const Packages shared{{"all-data", "1"}, {"hello", "1"}};
    site_.publish("stable", shared);
    site_.publish("test/one", shared);
    site_.publish("test/one", {{"hello", "2"}});
    site_.expire("test/one");
    site_.clock().advance(30 * kDay);
    const auto report = gc();
    CHECK(report.problems.empty());
    CHECK_FALSE(site_.has("public/pool/test/one"));
    CHECK_FALSE(site_.has("public/meta/test/one"));
    CHECK_FALSE(site_.has("public/gen/test/one"));
    CHECK(site_.has(SmallSite::object_path("all-data", "1")));
    CHECK(site_.has(SmallSite::pool_path("stable", "hello", "1")));
    CHECK_FALSE(site_.has(SmallSite::object_path("hello", "2")));
    CHECK(site_.has("private/history/test/one/000001.log"));
    CHECK(next_generation_number(filesystem_, "test/one") == 3);
    require_no_garbage(filesystem_);
}

TEST_CASE_METHOD(CollectorTest, "files in pool that we did not make stay", "[collector]") {
    settings_.rules.keep_generations = 1;
    site_.publish("stable", {{"hello", "1"}});
    const std::string foreign = fs::parent_path(SmallSite::pool_path("stable", "hello", "1")) + "/foreign";
    fs::write_new_file(filesystem_, foreign, "precious", 0644, 0, fs::Durable::no);
    site_.publish("stable", {});
    site_.clock().advance(30 * kDay);
    gc();
    CHECK_FALSE(site_.has(SmallSite::pool_path("stable", "hello", "1")));
    CHECK(site_.has(foreign));
}

TEST_CASE_METHOD(CollectorTest, "an object that a transaction has pinned stays until that ends",
                 "[collector]") {
    settings_.rules.keep_generations = 1;
    site_.publish("stable", {{"hello", "1"}});
    site_.publish("stable", {{"hello", "2"}});
    site_.clock().advance(30 * kDay);
    {
        const auto transaction = Transaction::begin(site_.site(), "test/one", "promote");
        transaction->pin({base::sha256_hex(SmallSite::bytes_of("hello", "1"))});
        gc();
        CHECK_FALSE(site_.has(SmallSite::pool_path("stable", "hello", "1")));
        CHECK(site_.has(SmallSite::object_path("hello", "1")));
    }
    gc();
    CHECK_FALSE(site_.has(SmallSite::object_path("hello", "1")));
    require_no_garbage(filesystem_);
}

TEST_CASE_METHOD(CollectorTest, "what a publish kept and did not publish goes", "[collector]") {
    site_.publish("stable", {{"hello", "1"}});
    const std::string bytes = SmallSite::bytes_of("other", "1");
    const std::string digest = base::sha256_hex(bytes);
    {
        const auto transaction = Transaction::begin(site_.site(), "stable", "publish");
        const std::string staged = transaction->fresh_path();
        fs::write_new_file(filesystem_, staged, bytes, 0444, 0, fs::Durable::no);
        transaction->pin({digest, base::sha256_hex(SmallSite::bytes_of("hello", "1"))});
        transaction->keep_objects({{staged, digest, bytes.size()}});
    }
    CHECK(site_.has(layout::object(digest)));
    CHECK(gc().objects.files == 1);
    CHECK_FALSE(site_.has(layout::object(digest)));
    CHECK(filesystem_.list(layout::kOrphans).empty());
    require_no_garbage(filesystem_);
}

TEST_CASE_METHOD(CollectorTest, "a dry run tells what a run then does, and changes nothing", "[collector]") {
    settings_.rules.keep_generations = 1;
    for (int i = 1; i <= 4; ++i) {
        site_.publish("stable", {{"hello", std::to_string(i)}, {"all-data", "1"}});
        site_.publish("test/one", {{"hello", std::to_string(i)}});
        site_.clock().advance(5 * kDay);
    }
    site_.expire("test/one");
    site_.clock().advance(3 * kDay);
    fs::write_new_file(filesystem_, "private/text/" + std::string(64, 'a'), "old", 0600, 0, fs::Durable::no);
    const auto before = snapshot(filesystem_);
    const CollectorReport plan = plan_collection(site_.site(), settings_);
    CHECK(snapshot(filesystem_) == before);
    const CollectorReport done = gc();
    REQUIRE(plan.repositories.size() == 2);
    REQUIRE(done.repositories.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        const auto& a = plan.repositories[i];
        const auto& b = done.repositories[i];
        INFO(a.repository);
        CHECK(a.repository == b.repository);
        CHECK(a.retired == b.retired);
        CHECK(a.metadata.files == b.metadata.files);
        CHECK(a.metadata.bytes == b.metadata.bytes);
        CHECK(a.packages.files == b.packages.files);
        CHECK(a.waiting.files == b.waiting.files);
        CHECK(a.next_due == b.next_due);
    }
    CHECK(done.repositories[0].metadata.files > 0);
    CHECK(plan.objects.files == done.objects.files);
    CHECK(plan.texts.files == done.texts.files);
    CHECK(done.texts.files == 9);  // all but the two of the one current generation
}

TEST_CASE_METHOD(CollectorTest, "a head that is missing without an expiry is damage, not a reason to collect",
                 "[collector]") {
    for (int i = 1; i <= 5; ++i) site_.publish("stable", {{"hello", std::to_string(i)}});
    filesystem_.remove("public/stable");
    site_.clock().advance(100 * kDay);
    CHECK(retired(gc()).empty());
    CHECK(site_.has_generation("stable", 1));
}

TEST_CASE_METHOD(CollectorTest,
                 "an expired repository that is published again counts on and keeps nothing older",
                 "[collector]") {
    site_.publish("test/one", {{"hello", "1"}});
    site_.publish("test/one", {{"hello", "2"}});
    site_.clock().advance(kDay);
    site_.expire("test/one");
    CHECK(retired(gc()).empty());  // in grace
    site_.clock().advance(kDay);
    CHECK(site_.publish("test/one", {{"hello", "3"}}) == 3);
    site_.clock().advance(kDay);
    settings_.rules.keep_generations = 1;
    CHECK(retired(gc()) == Numbers{1, 2});
    CHECK(site_.has_generation("test/one", 3));
}

TEST_CASE_METHOD(CollectorTest,
                 "a damaged generation proves nothing: of its repository nothing goes, of others all",
                 "[collector]") {
    settings_.rules.keep_generations = 1;
    for (const char* repository : {"stable", "test/one"}) {
        site_.publish(repository, {{"hello", "1"}});
        site_.publish(repository, {{"hello", "2"}});
    }
    site_.clock().advance(30 * kDay);
    std::string chunk;
    fs::walk(filesystem_, "public/meta/stable/tree", [&](const std::string& path, const fs::Status&) {
        if (fs::read_file(filesystem_, path).find("\"hello\\n2") != std::string::npos) chunk = path;
    });
    REQUIRE_FALSE(chunk.empty());
    filesystem_.remove(chunk);
    const auto report = collect_garbage(site_.site(), settings_);
    REQUIRE_FALSE(report.problems.empty());
    CHECK(report.problems[0].kind == base::ErrorKind::integrity);
    CHECK(site_.has(SmallSite::pool_path("stable", "hello", "1")));
    CHECK(site_.has(SmallSite::object_path("hello", "1")));
    CHECK_FALSE(site_.has(SmallSite::pool_path("test/one", "hello", "1")));
}

TEST_CASE_METHOD(CollectorTest, "a repository that is busy is left for the next time, and the others are not",
                 "[collector]") {
    settings_.rules.keep_generations = 1;
    for (const char* repository : {"stable", "test/one"}) {
        for (int i = 1; i <= 3; ++i) site_.publish(repository, {{"hello", std::to_string(i)}});
    }
    site_.clock().advance(3 * kDay);
    {
        const auto lock = site_.site().lock_repository("stable", 0, "somebody");
        const auto report = gc();
        CHECK(retired(report) == Numbers{1, 2});
        REQUIRE(report.problems.size() == 1);
        CHECK(report.problems[0].object == "stable");
        CHECK(report.problems[0].kind == base::ErrorKind::conflict);
    }
    CHECK(retired(gc()) == Numbers{1, 2});
    require_no_garbage(filesystem_);
}

TEST_CASE_METHOD(CollectorTest, "two collectors do not meet", "[collector]") {
    const auto other = filesystem_.try_lock(layout::kCollectingLock, fs::LockMode::exclusive);
    CHECK_THROWS_AS(collect_garbage(site_.site(), settings_), base::Error);
}

TEST_CASE_METHOD(CollectorTest, "an old SOURCE_DATE_EPOCH does not make a generation old", "[collector]") {
    // The manifest is dated years ago; the history knows when it was flipped.
    settings_.rules.keep_generations = 1;
    site_.publish("stable", {{"hello", "1"}});
    site_.publish("stable", {{"hello", "2"}});
    const auto last = History(filesystem_, "stable").last();
    CHECK(last->time == site_.clock().now());
    CHECK(retired(gc()).empty());
}

}  // namespace repotool::store::testing
