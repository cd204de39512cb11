// SPDX-License-Identifier: GPL-3.0-or-later
// The process dies before any one operation on any disk, as with kill -9: old or new is what clients see, and
// the next run, which needs no flag, finishes what was committed and takes back what was not.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>

#include "fleet.hpp"
#include "forwarding_filesystem.hpp"

using namespace repotool;
using namespace repotool::sync;
using namespace repotool::sync::testing;

namespace {

constexpr int kKilled = 137;

// Ends the process at the n-th operation, counted over all disks.
class Death {
public:
    explicit Death(long n) : left_(n) {}
    void step() {
        if (--left_ == 0) _exit(kKilled);
    }

private:
    std::atomic<long> left_;
};

class MortalFile : public ForwardingFile {
public:
    MortalFile(std::unique_ptr<fs::File> below, Death& death)
        : ForwardingFile(std::move(below)), death_(death) {}
    // In two halves: journals get torn lines.
    void write(std::string_view bytes) override {
        death_.step();
        below().write(bytes.substr(0, bytes.size() / 2));
        death_.step();
        below().write(bytes.substr(bytes.size() / 2));
    }

private:
    Death& death_;
};

class MortalFilesystem : public ForwardingFilesystem {
public:
    MortalFilesystem(std::unique_ptr<fs::Filesystem> below, Death& death)
        : ForwardingFilesystem(std::move(below)), death_(death) {}
    std::unique_ptr<fs::File> create(const std::string& path, unsigned mode) override {
        death_.step();
        return std::make_unique<MortalFile>(below().create(path, mode), death_);
    }
    std::unique_ptr<fs::File> open_append(const std::string& path) override {
        death_.step();
        return std::make_unique<MortalFile>(below().open_append(path), death_);
    }
    void rename(const std::string& from, const std::string& to, fs::Replace replace) override {
        death_.step();
        below().rename(from, to, replace);
    }
    void symlink(const std::string& target, const std::string& path) override {
        death_.step();
        below().symlink(target, path);
    }
    void remove(const std::string& path) override {
        death_.step();
        below().remove(path);
    }
    bool make_directory(const std::string& path, unsigned mode) override {
        death_.step();
        return below().make_directory(path, mode);
    }

private:
    Death& death_;
};

// One run in a child that dies at its n-th operation. True when it did.
bool run_and_die(const TwoMirrors& fleet, long n) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        Death death(n);
        const Wrap wrap = [&](const std::string&, std::unique_ptr<fs::Filesystem> below) {
            return std::make_unique<MortalFilesystem>(std::move(below), death);
        };
        int status = 1;
        try {
            status = fleet.run(wrap).failure ? 1 : 0;
        } catch (const std::exception&) {
            status = 2;
        }
        _exit(status);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    const int code = WEXITSTATUS(status);
    REQUIRE((code == 0 || code == kKilled));
    return code == kKilled;
}

}  // namespace

TEST_CASE("killed at any operation, every mirror is old or new, and the next run goes on") {
    int finished_by_recovery = 0;
    long n = 1;
    for (bool killed = true; killed; ++n) {
        CAPTURE(n);
        TwoMirrors fleet;
        fleet.site.publish({{"hello", "1.0"}});
        fleet.site.put_key("stable.asc", "key");
        fleet.run();
        fleet.site.publish({{"hello", "1.1"}, {"zlib", "1.3"}});
        fleet.site.put_key("stable.asc", "new key");
        killed = run_and_die(fleet, n);
        const auto seen_a = fleet.seen(fleet.a);
        const auto seen_b = fleet.seen(fleet.b);
        if (seen_a != seen_b) {
            // It was committed. Then the source's next generation must not keep the late mirror from it.
            ++finished_by_recovery;
            REQUIRE_FALSE(fleet.run_to({seen_a == 2 ? fleet.a : fleet.b}).failure);
            CHECK(fleet.seen(fleet.a) == 2);
            CHECK(fleet.seen(fleet.b) == 2);
        }
        REQUIRE_FALSE(fleet.run().failure);
        CHECK(snapshot(fleet.a) == snapshot(fleet.workspace.path("site/public")));
        CHECK(snapshot(fleet.b) == snapshot(fleet.a));
        CHECK(fleet.leftovers() == 0);
    }
    CHECK(n > 150);
    CHECK(finished_by_recovery > 0);
}

TEST_CASE("recovery that is killed itself, at any operation, is finished by the run after it") {
    // 70, 100 and so on: while staging, around the decision, while flipping.
    for (const long first : {40L, 100L, 150L, 170L, 180L, 185L, 190L, 195L}) {
        for (long second = 1; second < 40; second += 3) {
            CAPTURE(first, second);
            TwoMirrors fleet;
            fleet.site.publish({{"hello", "1.0"}});
            if (!run_and_die(fleet, first)) continue;
            if (!run_and_die(fleet, second)) continue;
            REQUIRE_FALSE(fleet.run().failure);
            CHECK(snapshot(fleet.a) == snapshot(fleet.workspace.path("site/public")));
            CHECK(snapshot(fleet.b) == snapshot(fleet.a));
            CHECK(fleet.leftovers() == 0);
        }
    }
}

TEST_CASE("what a dead run left is taken back when the source has moved on") {
    for (const long n : {30L, 90L, 140L}) {
        CAPTURE(n);
        TwoMirrors fleet;
        fleet.site.publish({{"hello", "1.0"}});
        REQUIRE(run_and_die(fleet, n));
        fleet.site.publish({{"hello", "1.1"}});
        REQUIRE_FALSE(fleet.run().failure);
        CHECK(fleet.seen(fleet.a) == 2);
        CHECK_FALSE(snapshot(fleet.a).contains("pool/stable/bookworm/main/h/hello/hello_1.0_amd64.deb"));
        CHECK_FALSE(snapshot(fleet.a).contains("gen/stable/1/MANIFEST"));
        CHECK(fleet.leftovers() == 0);
    }
}
