// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>
#include <cerrno>

#include "core/base/error.hpp"
#include "core/fs/testing/crash_filesystem.hpp"
#include "core/fs/testing/failing_filesystem.hpp"
#include "core/fs/testing/memory_filesystem.hpp"
#include "core/fs/tree.hpp"
#include "core/store/site.hpp"
#include "repotool/policy/evidence_log.hpp"

namespace repotool::publisher {
namespace {

// Only the log is looked at here; tests/clients/gate.py has gpg check real signatures.
class ToySigner : public signing::Signer {
public:
    std::string clear_sign(std::string_view text) override { return detach_sign(text); }
    std::string detach_sign(std::string_view bytes) override { return "signed " + std::string(bytes); }
    signing::SignaturePacket sign_packet(const signing::Content&) override { return {}; }
    const signing::KeyReference& key() const override { return key_; }
    std::string public_key() override { return "the key"; }

private:
    signing::KeyReference key_{"toy", std::string(40, 'A'), "", ""};
};

Evidence a_result(const std::string& check) {
    Evidence evidence;
    evidence.subject = {"test/one", 3, std::string(64, 'a')};
    evidence.check = check;
    evidence.status = EvidenceStatus::pass;
    evidence.time = 1'700'000'000;
    evidence.packages = {
        {"rpm", "el9", "", "hello", "1.0-1", "x86_64", std::string(64, 'b'), std::string(64, 'c')}};
    return evidence;
}

StoredEvidence append(fs::Filesystem& filesystem, const std::string& check) {
    store::Site site(filesystem, base::system_clock());
    site.prepare_for_writing();
    ToySigner signer;
    return EvidenceLog(filesystem, "test/one").append(site, a_result(check), "<testsuite/>", signer);
}

}  // namespace

TEST_CASE("evidence reads back as it was written, whatever is in it", "[evidence]") {
    Evidence evidence = a_result("install");
    evidence.status = EvidenceStatus::override_gate;
    evidence.dist = "el9";
    evidence.job = "job \"7\"\n\xff";
    evidence.log_url = "https://ci.example.com/7";
    evidence.reason = "fire";
    evidence.missing = {"one", "two"};
    evidence.base = GenerationName{"stable", 41, std::string(64, 'd')};
    evidence.covers = {{"test/two", 1, std::string(64, 'e')}};
    evidence.sequence = 2;
    evidence.previous = std::string(64, 'f');
    const std::string text = render_evidence(evidence);
    const Evidence read = parse_evidence(text, "record");
    CHECK(render_evidence(read) == text);
    CHECK(read.base == evidence.base);
    CHECK(read.covers == evidence.covers);
    CHECK(read.missing == evidence.missing);
    CHECK(read.packages.at(0).identity() == std::string(64, 'c'));
}

TEST_CASE("what is no record of ours is damage", "[evidence]") {
    const std::string good = render_evidence(a_result("install"));
    const auto without = [&](const std::string& part, const std::string& instead) {
        std::string text = good;
        return text.replace(text.find(part), part.size(), instead);
    };
    for (const auto& bad :
         {std::string("{"), std::string("[]"), without("\"format\":1", "\"format\":2"),
          without("\"status\":\"pass\"", "\"status\":\"passed\""), without("\"seq\":0", "\"seq\":\"0\""),
          without("\"time\":\"2023", "\"time\":\"x023"), without("\"check\"", "\"chekc\"")}) {
        INFO(bad);
        try {
            parse_evidence(bad, "record");
            FAIL("it was taken");
        } catch (const base::Error& error) {
            CHECK(error.kind() == base::ErrorKind::integrity);
        }
    }
}

TEST_CASE("records are numbered and name the one before", "[evidence]") {
    fs::testing::MemoryFilesystem filesystem;
    const auto first = append(filesystem, "install");
    const auto second = append(filesystem, "systest");
    CHECK(first.path == "private/evidence/test/one/000001.json");
    CHECK(second.evidence.previous == first.sha256);
    const auto records = EvidenceLog(filesystem, "test/one").read();
    REQUIRE(records.size() == 2);
    CHECK(records[1].signature == "signed " + records[1].text);
    CHECK(repositories_with_evidence(filesystem) == std::vector<std::string>{"test/one"});
    CHECK(evidence_keys(filesystem) == std::vector<std::string>{"the key"});
    CHECK(fs::read_file(filesystem, first.path + ".junit.xml") == "<testsuite/>");

    fs::replace_file(filesystem, first.path, second.text, 0600);
    CHECK_THROWS_AS(EvidenceLog(filesystem, "test/one").read(), base::Error);
}

TEST_CASE("whatever fails while a record is added, it is there or not, and the next one follows",
          "[evidence]") {
    for (std::uint64_t fail_at = 1;; ++fail_at) {
        fs::testing::MemoryFilesystem disk;
        append(disk, "install");
        fs::testing::FaultPlan plan(fail_at, EIO, fs::testing::Failure::once);
        const auto failing = fs::testing::make_failing_filesystem(disk, plan);
        bool is_told = false;
        try {
            append(*failing, "systest");
            is_told = true;
        } catch (const base::Error&) {
        }
        if (!plan.has_failed()) break;
        INFO(plan.log().back());
        const auto records = EvidenceLog(disk, "test/one").read();
        CHECK(records.size() >= (is_told ? 2U : 1U));
        append(disk, "later");
        CHECK(EvidenceLog(disk, "test/one").read().size() == records.size() + 1);
    }
}

TEST_CASE("after a power cut the evidence is whole, has what was acknowledged, and goes on",
          "[crash][evidence]") {
    fs::testing::CrashFilesystem crashing;
    append(crashing, "install");
    crashing.acknowledge();
    append(crashing, "systest");
    crashing.acknowledge();
    fs::testing::CrashBounds bounds;
    bounds.exhaustive = 32;
    bounds.samples = 4;
    crashing.each_crash(bounds, [](fs::testing::CrashState& state) {
        INFO(state.story);
        const auto records = EvidenceLog(state.filesystem, "test/one").read();
        CHECK(records.size() >= state.acknowledged);
        append(state.filesystem, "later");
        CHECK(EvidenceLog(state.filesystem, "test/one").read().size() == records.size() + 1);
    });
}

TEST_CASE("the end of a log lets one record more pass, and none less", "[evidence]") {
    fs::testing::MemoryFilesystem filesystem;
    const std::string end = "private/evidence/test/one/_end";
    append(filesystem, "install");
    const std::string first = fs::read_file(filesystem, end);
    append(filesystem, "install");
    const std::string second = fs::read_file(filesystem, end);
    const auto last = append(filesystem, "install");
    const EvidenceLog log(filesystem, "test/one");
    fs::replace_file(filesystem, end, second, 0600);
    CHECK(log.read().size() == 3);
    fs::replace_file(filesystem, end, first, 0600);
    CHECK_THROWS_AS(log.read(), base::Error);
    fs::replace_file(filesystem, end, second, 0600);
    filesystem.remove(last.path);
    CHECK(log.read().size() == 2);
    filesystem.remove("private/evidence/test/one/000002.json");
    CHECK_THROWS_AS(log.read(), base::Error);
    filesystem.remove("private/evidence/test/one/000001.json");
    CHECK(repositories_with_evidence(filesystem) == std::vector<std::string>{"test/one"});
    CHECK_THROWS_AS(log.read(), base::Error);
}

}  // namespace repotool::publisher
