// SPDX-License-Identifier: GPL-3.0-or-later
// Group commit and power cuts: whatever happens to the publisher that took a request in, who asked gets a
// true answer, and what was acknowledged stays. The waiting side does here what repotool/publish/publish.cpp
// does.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/fs/testing/crash_filesystem.hpp"
#include "core/fs/testing/failing_filesystem.hpp"
#include "core/fs/tree.hpp"
#include "core/store/head.hpp"
#include "core/store/history.hpp"
#include "core/store/layout.hpp"
#include "core/store/queue.hpp"
#include "core/store/recovery.hpp"
#include "core/store/transaction.hpp"

namespace repotool::store {
namespace {

using fs::testing::CrashFilesystem;
using fs::testing::CrashState;
using fs::testing::Failure;
using fs::testing::FaultPlan;

const std::string kRepository = "stable";

// A manifest here is the names of the packages, one per line.
std::vector<std::string> packages_of(fs::Filesystem& filesystem, std::uint64_t generation) {
    std::istringstream lines(
        fs::read_file(filesystem, "public/" + layout::generation(kRepository, generation) + "/MANIFEST"));
    std::vector<std::string> names;
    for (std::string name; std::getline(lines, name);) names.push_back(name);
    return names;
}

std::uint64_t current(fs::Filesystem& filesystem) {
    return make_symlink_head(filesystem, "public", kRepository)->current().value_or(0);
}

std::string bytes_of(const std::string& package) {
    return "bytes of " + package;
}

// One publisher of one package. It dies with the object.
class Publisher {
public:
    Publisher(fs::Filesystem& filesystem, std::string package)
        : filesystem_(filesystem), site_(filesystem, base::system_clock()), package_(std::move(package)) {
        site_.prepare_for_writing();
        transaction_ = Transaction::begin(site_, kRepository, "publish");
        staged_ = transaction_->fresh_path();
        fs::write_new_file(filesystem_, staged_, bytes_of(package_), 0444, 0, fs::Durable::no);
    }

    // Somebody else has the lock.
    void ask() { leave_request(filesystem_, *transaction_, package_ + " " + staged_); }

    // On return the publish is acknowledged.
    void finish() {
        const auto answer = read_answer(filesystem_, *transaction_);
        if (answer && answer->state == AnswerState::final) return;
        lock_ = site_.lock_repository(kRepository, 0, package_);
        recover(site_, kRepository);
        const auto late = read_answer(filesystem_, *transaction_);
        const bool is_answered = late && (late->state == AnswerState::final || is_committed(late->body));
        if (!is_answered) {
            retract_request(filesystem_, *transaction_);
            lead();
        }
        lock_ = nullptr;
    }

private:
    struct Member {
        std::string package, staged, transaction;
    };

    bool is_committed(const std::string& body) {
        const auto space = body.find(' ');
        const std::uint64_t generation = std::stoull(body.substr(0, space));
        if (current(filesystem_) < generation) return false;
        const std::string path = "public/" + layout::generation(kRepository, generation) + "/MANIFEST";
        return base::sha256_hex(fs::read_file(filesystem_, path)) == body.substr(space + 1);
    }

    void lead() {
        std::vector<Member> members{{package_, staged_, {}}};
        for (const auto& request : take_requests(filesystem_, kRepository, 10)) {
            const auto space = request.body.find(' ');
            members.push_back(
                {request.body.substr(0, space), request.body.substr(space + 1), request.transaction});
        }
        const std::uint64_t parent = current(filesystem_);
        std::string manifest;
        if (parent > 0) {
            for (const auto& name : packages_of(filesystem_, parent)) manifest += name + "\n";
        }
        for (const auto& member : members) {
            const std::string digest = base::sha256_hex(bytes_of(member.package));
            transaction_->pin({digest});
            transaction_->keep_objects({{member.staged, digest, bytes_of(member.package).size()}});
            transaction_->add_pool_name(layout::pool(kRepository) + "/" + member.package, digest);
            manifest += member.package + "\n";
        }
        commit(members, parent, manifest);
    }

    void commit(const std::vector<Member>& members, std::uint64_t parent, const std::string& manifest) {
        transaction_->add_tree_file("MANIFEST", manifest, 0);
        HistoryRecord record;
        record.operation = "publish";
        record.generation = parent + 1;
        record.parent = parent;
        record.manifest_sha256 = base::sha256_hex(manifest);
        for (const auto& member : members) {
            if (!member.transaction.empty())
                give_answer(filesystem_, member.transaction,
                            fmt::format("{} {}", parent + 1, record.manifest_sha256));
        }
        transaction_->commit({parent == 0 ? std::nullopt : std::optional(parent), parent + 1, record});
        for (const auto& member : members) {
            if (!member.transaction.empty()) finish_answer(filesystem_, member.transaction);
        }
    }

    fs::Filesystem& filesystem_;
    Site site_;
    std::string package_, staged_;
    std::unique_ptr<fs::Lock> lock_;  // outlives the transaction, which needs it to take back
    std::unique_ptr<Transaction> transaction_;
};

void publish(fs::Filesystem& filesystem, const std::string& package) {
    Publisher(filesystem, package).finish();
}

fs::testing::DiskImage one_generation() {
    fs::testing::MemoryFilesystem filesystem;
    publish(filesystem, "first");
    return filesystem.image();
}

// After a power cut: what was acknowledged is published, nothing twice, nothing besides.
void require_published(fs::Filesystem& filesystem, const std::set<std::string>& acknowledged) {
    Site site(filesystem, base::system_clock());
    site.prepare_for_writing();
    {
        const auto lock = site.lock_repository(kRepository, 0, "a test");
        recover(site, kRepository);
    }
    REQUIRE(filesystem.list("private/txn").empty());
    auto names = packages_of(filesystem, current(filesystem));
    std::sort(names.begin(), names.end());
    REQUIRE(filesystem.list("public/" + layout::pool(kRepository)) == names);
    REQUIRE(std::adjacent_find(names.begin(), names.end()) == names.end());
    REQUIRE(std::includes(names.begin(), names.end(), acknowledged.begin(), acknowledged.end()));
    for (const auto& name : names) {
        REQUIRE(fs::read_file(filesystem, "public/" + layout::pool(kRepository) + "/" + name) ==
                bytes_of(name));
    }
    REQUIRE(History(filesystem, kRepository).read().size() == current(filesystem));
}

}  // namespace

TEST_CASE("a power cut during a group commit leaves all of it or nothing", "[crash][queue]") {
    CrashFilesystem crashing(one_generation());
    {
        Publisher leader(crashing, "leader");
        Publisher one(crashing, "one"), two(crashing, "two");
        one.ask();
        two.ask();
        leader.finish();
        one.finish();
        crashing.acknowledge();  // answered before the leader is
        two.finish();
    }
    CHECK(current(crashing) == 2);
    fs::testing::CrashBounds bounds;
    bounds.samples = 4;
    crashing.each_crash(bounds, [&](CrashState& state) {
        INFO(state.story);
        using Names = std::set<std::string>;
        require_published(state.filesystem,
                          state.acknowledged == 0 ? Names{"first"} : Names{"first", "leader", "one", "two"});
        const auto names = packages_of(state.filesystem, current(state.filesystem));
        REQUIRE((names.size() == 1 || names.size() == 4));
    });
}

TEST_CASE("who waited for a publisher that was killed gets a true answer, and it outlives a power cut",
          "[crash][queue]") {
    const auto failure = GENERATE(Failure::from_then_on, Failure::once);
    std::set<std::uint64_t> generations;
    for (std::uint64_t fail_at = 1;; ++fail_at) {
        CrashFilesystem crashing(one_generation());
        FaultPlan plan(fail_at, EIO, failure);
        {
            Publisher one(crashing, "one"), two(crashing, "two");
            one.ask();
            two.ask();
            const auto failing = fs::testing::make_failing_filesystem(crashing, plan);
            try {
                publish(*failing, "leader");
            } catch (const base::Error&) {
                // nobody acknowledged it
            }
            one.finish();
            two.finish();
        }
        crashing.acknowledge();
        if (!plan.has_failed()) break;
        generations.insert(current(crashing));
        fs::testing::CrashBounds bounds;
        bounds.exhaustive = 8;
        bounds.samples = 4;
        bounds.first = crashing.operations();
        crashing.each_crash(bounds, [&](CrashState& state) {
            INFO("the leader failed at " << plan.log().at(fail_at - 1) << "\n" << state.story);
            require_published(state.filesystem, {"first", "one", "two"});
        });
    }
    CHECK(generations == std::set<std::uint64_t>{2});  // the waiting ones, too, publish together
}

}  // namespace repotool::store
