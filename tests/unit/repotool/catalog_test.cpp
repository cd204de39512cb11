// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/packages/catalog.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/subprocess.hpp"
#include "core/store/layout.hpp"
#include "tests/support/temporary_directory.hpp"

namespace repotool::publisher {
namespace {

using formats::Format;

// A site's private files as far as a catalog needs them.
class Site {
public:
    Site() : filesystem_(fs::open_posix_filesystem(directory_.path())) {}

    fs::Filesystem& filesystem() { return *filesystem_; }
    // A package of dpkg-deb as an object; its digest.
    std::string add_package() {
        run(R"(mkdir -p "$0/tree/DEBIAN" "$0/tree/usr/share"; chmod -R go-w "$0/tree"; echo x >"$0/tree/usr/share/file"
               printf 'Package: hello\nVersion: 1\nArchitecture: all\nSection: net\nMaintainer: a <b@c>\nDescription: d\n' >"$0/tree/DEBIAN/control"
               dpkg-deb --root-owner-group --build "$0/tree" "$0/made.deb" && rm -r "$0/tree")");
        std::ifstream file(directory_.path() + "/made.deb", std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
        const std::string sha256 = base::sha256_hex(bytes);
        const std::filesystem::path object = directory_.path() + "/" + store::layout::object(sha256);
        std::filesystem::create_directories(object.parent_path());
        std::filesystem::rename(directory_.path() + "/made.deb", object);
        return sha256;
    }
    void remove_object(const std::string& sha256) { filesystem_->remove(store::layout::object(sha256)); }
    std::string spool() { return "spool" + std::to_string(++spools_); }

private:
    void run(const std::string& script) {
        const auto result = base::run_process({"sh", "-c", script, directory_.path()}, "", {});
        INFO(result.standard_error);
        REQUIRE(result.exit_code == 0);
    }

    testing::TemporaryDirectory directory_;
    std::unique_ptr<fs::Filesystem> filesystem_;
    int spools_ = 0;
};

}  // namespace

TEST_CASE("a record that lacks the list of paths is made again where that is wanted, and kept", "[catalog]") {
    Site site;
    const std::string sha256 = site.add_package();
    {
        Catalog catalog(site.filesystem(), site.spool());
        CHECK_FALSE(catalog.find(sha256, Format::deb).index.contains("Contents"));
        catalog.save();
    }
    {
        Catalog catalog(site.filesystem(), site.spool());
        const auto contents = catalog.find(sha256, Format::deb, Needs::contents).index.at("Contents");
        CHECK(contents.before == "usr/share/file\n");
        CHECK(contents.after == "net/hello");
        CHECK(catalog.find(sha256, Format::deb).index.contains("Contents"));
        catalog.save();
    }
    site.remove_object(sha256);  // nobody reads it again
    Catalog catalog(site.filesystem(), site.spool());
    CHECK(catalog.find(sha256, Format::deb, Needs::contents).index.at("Contents").after == "net/hello");
    CHECK(catalog.find(sha256, Format::deb, Needs::index).name == "hello");
}

TEST_CASE("an object that is missing or has other bytes is no package", "[catalog]") {
    Site site;
    const std::string sha256 = site.add_package();
    Catalog catalog(site.filesystem(), site.spool());
    const std::string other(64, 'a');
    CHECK_THROWS_AS(catalog.find(other, Format::deb), base::Error);
    const auto object = site.filesystem().root() + "/" + store::layout::object(sha256);
    std::filesystem::resize_file(object, 100);
    CHECK_THROWS_WITH(catalog.find(sha256, Format::deb), Catch::Contains("its bytes have digest"));
}

}  // namespace repotool::publisher
