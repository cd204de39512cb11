// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/store/chunks.hpp"

namespace repotool::store {
namespace {

Record a_record(unsigned number, const std::string& content = "x") {
    const std::string name = "package-" + std::to_string(number);
    const std::string digest = base::sha256_hex(name + content);
    return {name,   "1.0-1", "amd64", "bookworm/main/p/" + name + ".deb", digest, 100 + number, "",
            digest, name,    "1.0-1"};
}

// A set in memory that is edited step by step, and can be built at once.
class Set {
public:
    void edit(const ChunkEdits& edits) {
        loads = 0;
        const auto pieces = edit_chunks(list, edits, [this](const ChunkReference& chunk) {
            ++loads;
            return parse_records(chunks.at(chunk.sha256));
        });
        list.clear();
        new_chunks = 0;
        for (const auto& piece : pieces) {
            list.push_back(piece.reference);
            if (piece.parent_index) continue;
            ++new_chunks;
            chunks[piece.reference.sha256] = piece.text;
        }
    }
    ChunkList list;
    std::map<std::string, std::string> chunks;
    std::size_t loads = 0;
    std::size_t new_chunks = 0;
};

ChunkEdits puts(unsigned from, unsigned to) {
    ChunkEdits edits;
    for (unsigned i = from; i < to; ++i) edits[record_key(a_record(i))] = a_record(i);
    return edits;
}

}  // namespace

TEST_CASE("the packages of a source package are found in the chunks that a list names", "[chunks]") {
    Set set;
    ChunkEdits edits = puts(0, 3000);
    for (const unsigned number : {7U, 1500U, 2999U}) {
        Record record = a_record(number);
        record.source = "package-42";
        edits[record_key(record)] = record;
    }
    set.edit(edits);
    CHECK(parse_chunk_list(render_chunk_list(set.list)) == set.list);
    std::set<std::string> found;
    const auto places = find_source_chunks(set.list, {"package-42", "nowhere"});
    for (const std::size_t place : places) {
        for (const auto& record : parse_records(set.chunks.at(set.list[place].sha256)))
            if (record.source == "package-42") found.insert(record.name);
    }
    CHECK(found == std::set<std::string>{"package-42", "package-7", "package-1500", "package-2999"});
    CHECK(places.size() <= 5);
    CHECK(set.list.size() > 20);
}

TEST_CASE("equal sets have equal chunk lists, whatever their history", "[chunks]") {
    std::mt19937 engine(GENERATE(1U, 2U, 3U));
    const auto random = [&] { return static_cast<unsigned>(engine()); };
    Set grown;
    std::map<std::string, Record> expected;
    for (int step = 0; step < 60; ++step) {
        ChunkEdits edits;
        const unsigned count = 1 + random() % 40;
        for (unsigned i = 0; i < count; ++i) {
            const Record record = a_record(random() % 1500, random() % 3 == 0 ? "y" : "x");
            const std::string key = record_key(record);
            if (random() % 4 == 0) {
                edits[key] = std::nullopt;
                expected.erase(key);
            } else {
                edits[key] = record;
                expected[key] = record;
            }
        }
        grown.edit(edits);
        Set built;
        ChunkEdits all;
        for (const auto& [key, record] : expected) all[key] = record;
        built.edit(all);
        REQUIRE(render_chunk_list(grown.list) == render_chunk_list(built.list));
    }
}

TEST_CASE("one more package touches one chunk, and at most its neighbours", "[chunks]") {
    Set set;
    set.edit(puts(0, 20000));
    REQUIRE(set.list.size() > 200);
    std::size_t most_loads = 0;
    std::size_t most_new = 0;
    for (unsigned i = 20000; i < 20200; ++i) {
        set.edit(puts(i, i + 1));
        most_loads = std::max(most_loads, set.loads);
        most_new = std::max(most_new, set.new_chunks);
    }
    CHECK(most_loads <= 2);
    CHECK(most_new <= 2);
}

TEST_CASE("an edit that changes nothing keeps every chunk", "[chunks]") {
    Set set;
    set.edit(puts(0, 2000));
    const std::string before = render_chunk_list(set.list);
    set.edit(puts(700, 701));
    CHECK(set.new_chunks == 0);
    CHECK(render_chunk_list(set.list) == before);
}

TEST_CASE("names that never end a chunk by chance are cut after 512 records", "[chunks]") {
    // Keys whose digest says "no boundary" are picked, as somebody hostile would.
    ChunkEdits edits;
    for (unsigned i = 0; edits.size() < 2000; ++i) {
        const Record record = a_record(i);
        const std::string key = record_key(record);
        if (std::stoul(base::sha256_hex(key).substr(0, 8), nullptr, 16) % 64 != 0) edits[key] = record;
    }
    Set set;
    set.edit(edits);
    REQUIRE(set.list.size() == 4);
    for (const auto& chunk : set.list) CHECK(chunk.records <= 512);
}

TEST_CASE("an empty set has an empty chunk list, also after it had packages", "[chunks]") {
    Set set;
    set.edit(puts(0, 300));
    ChunkEdits all_gone;
    for (const auto& [key, record] : puts(0, 300)) all_gone[key] = std::nullopt;
    set.edit(all_gone);
    CHECK(set.list.empty());
    CHECK(render_chunk_list(set.list).empty());
}

TEST_CASE("a chunk list is read back as it was written, and a damaged one is refused", "[chunks]") {
    Set set;
    set.edit(puts(0, 500));
    const std::string text = render_chunk_list(set.list);
    CHECK(render_chunk_list(parse_chunk_list(text)) == text);
    CHECK_THROWS_AS(parse_chunk_list("[\"nonsense\",1,\"x\"]\n"), base::Error);
    CHECK_THROWS_AS(parse_chunk_list("{"), base::Error);
}

TEST_CASE("the chunk of a key is found by the first keys", "[chunks]") {
    Set set;
    set.edit(puts(0, 3000));
    for (unsigned i = 0; i < 3000; i += 37) {
        const std::string key = record_key(a_record(i));
        const auto place = find_chunk(set.list, key);
        REQUIRE(place);
        const auto records = parse_records(set.chunks.at(set.list[*place].sha256));
        CHECK(std::any_of(records.begin(), records.end(),
                          [&](const Record& record) { return record_key(record) == key; }));
    }
    CHECK_FALSE(find_chunk({}, "anything"));
}

TEST_CASE("a record with a path that leaves the pool is refused", "[chunks]") {
    Record record = a_record(1);
    for (const char* path : {"../x.deb", "/etc/passwd", "a/../../b", "a//b", "", "a/./b", "a/b\nc"}) {
        record.path = path;
        CHECK_THROWS_AS(parse_records(render_record(record)), base::Error);
    }
}

TEST_CASE("a name is found in a record's line, or parsing is asked for", "[records]") {
    Record record;
    record.name = "hello";
    record.version = "1.0-1";
    record.architecture = "amd64";
    record.path = "main/h/hello/hello_1.0-1_amd64.deb";
    record.sha256 = record.content = std::string(64, 'a');
    record.source = "hello";
    const std::string line = render_record(record);
    CHECK(peek_name(line) == "hello");
    record.files = {{"hello_1.0.tar.gz", std::string(64, 'b'), 12}};
    CHECK(peek_name(render_record(record)).empty());
    record.files.clear();
    record.source = "a\"name\":\"other";
    CHECK(peek_name(render_record(record)) != "other");
    CHECK(peek_name("{}").empty());
    CHECK(peek_name("{\"name\":\"cut").empty());
    std::vector<std::string> lines;
    for_each_line("one\n\ntwo\ncut", [&](std::string_view one) { lines.emplace_back(one); });
    CHECK(lines == std::vector<std::string>{"one\n", "\n", "two\n", "cut"});
}

}  // namespace repotool::store
