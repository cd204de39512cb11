// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/history.hpp"
#include "core/store/line_log.hpp"
#include "tests/support/temporary_directory.hpp"

namespace repotool::store {
namespace {

HistoryRecord a_flip(std::uint64_t generation) {
    HistoryRecord record;
    record.time = 1'700'000'000;
    record.operation = "publish";
    record.generation = generation;
    record.parent = generation - 1;
    record.manifest_sha256 = std::string(64, 'a');
    record.changes = {{"added", "deb", "bookworm", "hello", "1.0", "amd64", std::string(64, 'b'), ""}};
    record.meta = {{"change", "1234"}};
    return record;
}

}  // namespace

TEST_CASE("a torn last line is left out, at whatever byte it was torn", "[log]") {
    const std::string whole = checked_line("first") + checked_line("second");
    for (std::size_t length = checked_line("first").size(); length < whole.size(); ++length) {
        const LineLog log = parse_line_log(whole.substr(0, length), "log");
        REQUIRE(log.lines == std::vector<std::string_view>{"first"});
        CHECK(log.is_torn == (length != checked_line("first").size()));
        CHECK(log.good_bytes == checked_line("first").size());
    }
    CHECK(parse_line_log(whole, "log").lines.size() == 2);
}

TEST_CASE("a changed line that is not the last is damage, not a torn write", "[log]") {
    std::string text = checked_line("first") + checked_line("second");
    text[10] = 'X';
    CHECK_THROWS_AS(parse_line_log(text, "log"), base::Error);
}

TEST_CASE("the history is a chain, and a torn end is mended", "[history]") {
    testing::TemporaryDirectory directory;
    const auto filesystem = fs::open_posix_filesystem(directory.path());
    History history(*filesystem, "test/change-1");
    for (std::uint64_t i = 1; i <= 5; ++i) history.append(a_flip(i));
    REQUIRE(history.read().size() == 5);
    CHECK(history.last()->generation == 5);
    CHECK(history.read()[3].sequence == 4);
    CHECK(history.read()[3].changes[0].name == "hello");

    const std::string path = "private/history/test/change-1/000001.log";
    filesystem->open_append(path)->write("0badc0de {\"seq\":6");
    history.repair();
    CHECK(history.read().size() == 5);
    history.append(a_flip(6));
    CHECK(history.read().back().sequence == 6);
}

TEST_CASE("a record that was cut out of the history is noticed", "[history]") {
    testing::TemporaryDirectory directory;
    const auto filesystem = fs::open_posix_filesystem(directory.path());
    History history(*filesystem, "stable");
    for (std::uint64_t i = 1; i <= 3; ++i) history.append(a_flip(i));
    const std::string path = "private/history/stable/000001.log";
    const LineLog log = parse_line_log(fs::read_file(*filesystem, path), path);
    fs::replace_file(*filesystem, path, checked_line(log.lines[0]) + checked_line(log.lines[2]), 0600);
    CHECK_THROWS_AS(history.read(), base::Error);
}

TEST_CASE("a history grows into further segments", "[history]") {
    testing::TemporaryDirectory directory;
    const auto filesystem = fs::open_posix_filesystem(directory.path());
    History history(*filesystem, "stable");
    HistoryRecord large = a_flip(1);
    large.meta["note"] = std::string(600'000, 'n');
    for (std::uint64_t i = 1; i <= 5; ++i) {
        large.generation = i;
        history.append(large);
    }
    CHECK(filesystem->list("private/history/stable").size() >= 2);
    REQUIRE(history.read().size() == 5);
    CHECK(history.last()->sequence == 5);
}

TEST_CASE("a torn first record of a new segment does not break the chain", "[history]") {
    testing::TemporaryDirectory directory;
    const auto filesystem = fs::open_posix_filesystem(directory.path());
    History history(*filesystem, "stable");
    HistoryRecord large = a_flip(1);
    large.meta["note"] = std::string(1'100'000, 'n');
    history.append(large);
    history.append(a_flip(2));
    const std::string second = "private/history/stable/000002.log";
    REQUIRE(filesystem->status(second));
    fs::replace_file(*filesystem, second, fs::read_file(*filesystem, second).substr(0, 40), 0600);
    history.repair();
    history.append(a_flip(2));
    REQUIRE(history.read().size() == 2);
    CHECK(history.last()->sequence == 2);
}

TEST_CASE("a record is JSON with sorted keys, whatever strings are in it", "[history]") {
    HistoryRecord record = a_flip(7);
    record.changes.push_back(record.changes.front());
    PackageChange& odd = record.changes.back();
    odd.name = "quote\" back\\slash line\n\x01 \x7f \xc3\xbc \xff";
    odd.unsigned_sha256 = std::string(64, 'c');
    odd.component = "main";
    odd.path = "public/\"changes\":[";
    odd.origin = "stable@3";
    odd.request = 2;
    record.meta = {{"\"changes\":[", "\"changes\":["}};
    const std::string line = render_history_record(record);
    const auto document = nlohmann::json::parse(line);
    CHECK(document.dump() == line);
    CHECK(document.at("changes").at(1).at("name") ==
          "quote\" back\\slash line\n\x01 \x7f \xc3\xbc \xef\xbf\xbd");
    CHECK(document.at("changes").at(1).at("path") == odd.path);
    CHECK(parse_history_record(line).changes.at(1).request == 2);
}

TEST_CASE("a summary is the record without its changes, whatever strings are in them", "[history]") {
    HistoryRecord record;
    record.sequence = 7;
    record.operation = "publish";
    record.generation = 3;
    record.time = 1700000000;
    record.job = "\"changes\":[],\"generation\":9";
    record.meta = {{"generation", "],\"generation\":8"}, {"changes", "\"changes\":["}};
    const auto check = [&] {
        const HistoryRecord found = parse_history_summary(render_history_record(record));
        CHECK(found.changes.empty());
        CHECK(found.sequence == 7);
        CHECK(found.generation == 3);
        CHECK(found.job == record.job);
        CHECK(found.meta == record.meta);
        CHECK(found.requests.size() == record.requests.size());
    };
    check();
    record.changes.push_back({"added", "deb", "bookworm", "],\"generation\":9", "1", "all", "aa", ""});
    record.requests.push_back({"publish", "user", "host", "],\"generation\":9", record.meta});
    check();
}

}  // namespace repotool::store
