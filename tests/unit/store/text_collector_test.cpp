// SPDX-License-Identifier: GPL-3.0-or-later
// gc and the cached texts of indexes, with a publisher that comes in between.
#include "core/store/text_collector.hpp"

#include <catch2/catch.hpp>

#include <functional>

#include "core/fs/testing/memory_filesystem.hpp"
#include "core/fs/tree.hpp"
#include "core/store/collector.hpp"
#include "core/store/generation_names.hpp"
#include "core/store/layout.hpp"
#include "core/store/text_map.hpp"
#include "small_repository.hpp"

namespace repotool::store::testing {
namespace {

// Somebody acts before the n-th look at the disk.
class MeddledFilesystem : public fs::testing::MemoryFilesystem {
public:
    void meddle(unsigned at, std::function<void()> action) {
        left_ = at;
        action_ = std::move(action);
    }
    bool has_meddled() const { return !action_; }

    std::unique_ptr<fs::File> open_read(const std::string& path) override {
        look();
        return MemoryFilesystem::open_read(path);
    }
    std::optional<std::string> read_link(const std::string& path) override {
        look();
        return MemoryFilesystem::read_link(path);
    }
    std::optional<fs::Status> status(const std::string& path) override {
        look();
        return MemoryFilesystem::status(path);
    }
    std::vector<std::string> list(const std::string& path) override {
        look();
        return MemoryFilesystem::list(path);
    }

private:
    void look() {
        if (!action_ || --left_ > 0) return;
        std::exchange(action_, nullptr)();
    }

    unsigned left_ = 0;
    std::function<void()> action_;
};

const std::string kDirectory = layout::text_directory("stable");

std::string map_path(fs::Filesystem& filesystem, std::uint64_t generation) {
    const auto names = read_generation_names(filesystem, "public/" + layout::generation("stable", generation),
                                             "stable", Missing::is_damage);
    return fs::join_path(kDirectory, names.texts.front());
}

// As publishers do it: the next text is partly in the pack of the one before, whose map goes.
void publish(SmallSite& site, const std::string& version) {
    if (!site.site().try_lock_repository("stable", "a publisher")) return;
    const std::uint64_t generation = site.publish("stable", {{"hello", version}});
    auto& filesystem = site.filesystem();
    const std::string map = map_path(filesystem, generation);
    fs::replace_file(filesystem, map, render_text_map({{"shared.pack"}, {}, {}}), 0600);
    for (const auto& name : filesystem.list(kDirectory)) {
        const std::string path = fs::join_path(kDirectory, name);
        if (path != map && !name.ends_with(".pack")) filesystem.remove(path);
    }
}

}  // namespace

TEST_CASE("gc leaves what a publisher needs that comes in between", "[collector]") {
    const CollectorSettings settings{{48 * kHour, 14 * kDay, 3}, {0, "a test"}};
    unsigned at = 0;
    for (bool meddled = true; meddled;) {
        INFO("before look " << ++at);
        MeddledFilesystem filesystem;
        SmallSite site(filesystem);
        publish(site, "1");
        const std::string pack = fs::join_path(kDirectory, "shared.pack");
        const std::string surplus = fs::join_path(kDirectory, "surplus.pack");
        for (const auto& path : {pack, surplus})
            fs::write_new_file(filesystem, path, "text", 0600, 0, fs::Durable::no);
        filesystem.meddle(at, [&] { publish(site, "2"); });
        const auto report = collect_garbage(site.site(), settings);
        meddled = filesystem.has_meddled();
        filesystem.meddle(0, nullptr);
        CHECK(report.problems.empty());
        CHECK(filesystem.status(pack));
        const std::uint64_t generation = site.has_generation("stable", 2) ? 2 : 1;
        CHECK(filesystem.status(map_path(filesystem, generation)));
        collect_garbage(site.site(), settings);
        CHECK(filesystem.status(pack));
        CHECK_FALSE(filesystem.status(surplus));
        CHECK(unused_texts(filesystem).empty());
    }
    CHECK(at > 20);
}

TEST_CASE("gc leaves the texts of a repository that is busy", "[collector]") {
    fs::testing::MemoryFilesystem filesystem;
    SmallSite site(filesystem);
    publish(site, "1");
    const std::string surplus = fs::join_path(kDirectory, "surplus.pack");
    fs::write_new_file(filesystem, surplus, "text", 0600, 0, fs::Durable::no);
    Tally removed;
    const auto lock = site.site().lock_repository("stable", 0, "somebody");
    CHECK_THROWS_AS(remove_texts(site.site(), "stable", {0, "a test"}, removed), base::Error);
    CHECK(filesystem.status(surplus));
    CHECK(removed.files == 0);
}

}  // namespace repotool::store::testing
