// SPDX-License-Identifier: GPL-3.0-or-later
// Plain trees as sources: what is read of them, what is refused, and that links running out stop nobody.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "core/base/error.hpp"
#include "fleet.hpp"
#include "forwarding_filesystem.hpp"
#include "sync/directory/directory_mirror.hpp"
#include "sync/tree/plain_tree.hpp"
#include "sync/tree/tree_scan.hpp"

using namespace repotool;
using namespace repotool::sync;
using namespace repotool::sync::testing;

namespace {

void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
}

class Watched : public ForwardingFilesystem {
public:
    using Before = std::function<void(const std::string& path)>;
    Watched(const std::string& root, Before open, Before link = {})
        : ForwardingFilesystem(make_unsynced_filesystem(root)),
          open_(std::move(open)),
          link_(std::move(link)) {}
    std::unique_ptr<fs::File> open_read(const std::string& path) override {
        if (open_) open_(path);
        return below().open_read(path);
    }
    void link(const std::string& from, const std::string& to) override {
        if (link_) link_(to);
        below().link(from, to);
    }

private:
    Before open_;
    Before link_;
};

base::ErrorKind kind_of_scan(const std::string& root) {
    try {
        scan_tree(*fs::open_posix_filesystem(root), {});
    } catch (const base::Error& error) {
        return error.kind();
    }
    return base::ErrorKind::internal;
}

FleetResult bring(PlainTree& tree, const std::string& state, std::unique_ptr<fs::Filesystem> mirror) {
    const auto journals = fs::open_posix_filesystem(state);
    Source source{"tree", tree.filesystem(), *journals, ""};
    DirectoryMirror to("mirror", std::move(mirror), {});
    return run_fleet(source, "debian", {{&to, {}, nullptr}}, {});
}

}  // namespace

TEST_CASE("a symlink may lead anywhere in the tree and nowhere else") {
    for (const auto& [path, target] : std::vector<std::pair<std::string, std::string>>{
             {"a", "b"}, {"a", "b/c"}, {"d/a", "../b"}, {"d/e/a", "../../b/c"}, {"d/a", "./b"}, {"a", "."}}) {
        CAPTURE(path, target);
        CHECK(stays_inside(path, target));
    }
    // b/../.. leaves the tree where b is a symlink to a deeper directory's sibling: `..` leads from where b
    // is.
    for (const auto& [path, target] : std::vector<std::pair<std::string, std::string>>{{"a", "/etc"},
                                                                                       {"a", ".."},
                                                                                       {"a", "../b"},
                                                                                       {"d/a", "../../b"},
                                                                                       {"a", "b/../c"},
                                                                                       {"d/a", "./../../b"},
                                                                                       {"a", ""},
                                                                                       {"d/a", "../b/../.."},
                                                                                       {"a", "b\nc"}}) {
        CAPTURE(path, target);
        CHECK_FALSE(stays_inside(path, target));
    }
}

TEST_CASE("what a mirror does not take is refused by its name") {
    Workspace workspace;
    const std::string root = workspace.directory("tree");
    write(root + "/good", "good");
    SECTION("a fifo") {
        REQUIRE(mkfifo((root + "/pipe").c_str(), 0600) == 0);
    }
    SECTION("a symlink out of the tree") {
        std::filesystem::create_symlink("../x", root + "/link");
    }
    SECTION("a name that a generation needs") {
        write(root + "/MANIFEST", "mine");
    }
    SECTION("a name with a control character") {
        write(root + "/a\nb", "x");
    }
    SECTION("a name that is not UTF-8") {
        write(root + "/a\xff", "x");
    }
    CHECK(kind_of_scan(root) == base::ErrorKind::input);
}

TEST_CASE("a second scan reads what changed, whatever its size and modification time say") {
    Workspace workspace;
    const std::string root = workspace.directory("tree");
    for (const char* name : {"a", "b", "d/c"}) write(root + "/" + name, name);
    std::vector<std::string> opened;
    Watched tree(root, [&](const std::string& path) { opened.push_back(path); });
    const ScannedTree first = scan_tree(tree, {});
    CHECK(opened == std::vector<std::string>{"a", "b", "d/c"});
    opened.clear();
    const auto time = std::filesystem::last_write_time(root + "/b");
    write(root + "/b", "B");
    std::filesystem::last_write_time(root + "/b", time);
    const ScannedTree second = scan_tree(tree, first.files);
    CHECK(opened == std::vector<std::string>{"b"});
    CHECK(second.files.at("b").sha256 != first.files.at("b").sha256);
    // Of files that are as new as the scan another change might not show.
    CHECK(parse_scan(render_scan(second, std::time(nullptr))).empty());
    CHECK(parse_scan(render_scan(second, std::time(nullptr) + 10)).size() == 3);
    CHECK(parse_scan("[\"torn").empty());
}

TEST_CASE("a tree that changes while it is read is exit 8") {
    Workspace workspace;
    const std::string root = workspace.directory("tree");
    for (const char* name : {"a", "b"}) write(root + "/" + name, name);
    Watched tree(root, [&](const std::string& path) {
        if (path == "b") write(root + "/a", "changed");
    });
    try {
        scan_tree(tree, {});
        FAIL("nothing was noticed");
    } catch (const base::Error& error) {
        CHECK(base::exit_code(error.kind()) == 8);
        CHECK_THAT(error.object(), Catch::EndsWith("/a"));
    }
}

TEST_CASE("a file that changes after it was hashed flips nothing and is exit 8") {
    Workspace workspace;
    const std::string root = workspace.directory("tree");
    write(root + "/a", "a");
    PlainTree tree(root, workspace.directory("work"));
    tree.refresh("debian");
    write(root + "/a", "b");
    const std::string mirror = workspace.directory("mirror");
    const auto result = bring(tree, workspace.directory("state"), make_unsynced_filesystem(mirror));
    REQUIRE(result.failure);
    CHECK(base::exit_code(result.failure->kind) == 8);
    CHECK(snapshot(mirror).empty());
}

TEST_CASE("a mirror that cannot link gets copies") {
    Workspace workspace;
    const std::string root = workspace.directory("tree");
    for (const char* name : {"a", "b", "d/c"}) write(root + "/" + name, "the same");
    PlainTree tree(root, workspace.directory("work"));
    tree.refresh("debian");
    const std::string mirror = workspace.directory("mirror");
    int links = 0;
    const auto result = bring(tree, workspace.directory("state"),
                              std::make_unique<Watched>(mirror, nullptr, [&](const std::string& to) {
                                  if (++links > 1) throw base::SystemError(EMLINK, "link", to);
                              }));
    REQUIRE_FALSE(result.failure);
    CHECK(links == 3);
    for (const char* name : {"a", "b", "d/c"}) CHECK(read_text(mirror + "/debian/" + name) == "the same");
}
