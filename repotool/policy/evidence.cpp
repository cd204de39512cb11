// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/policy/evidence.hpp"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/error.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;
using nlohmann::json;

constexpr int kEvidenceFormat = 1;

constexpr std::array<std::pair<EvidenceStatus, const char*>, 4> kStatusNames{
    {{EvidenceStatus::pass, "pass"},
     {EvidenceStatus::fail, "fail"},
     {EvidenceStatus::skip, "skip"},
     {EvidenceStatus::override_gate, "override"}}};

EvidenceStatus parse_status(const std::string& name) {
    for (const auto& [status, known] : kStatusNames) {
        if (name == known) return status;
    }
    throw Error(ErrorKind::integrity, "read", "evidence", fmt::format("'{}' is no status", name));
}

json to_json(const GenerationName& name) {
    return {
        {"repository", name.repository}, {"generation", name.generation}, {"manifest", name.manifest_sha256}};
}

GenerationName generation_from(const json& document) {
    return {document.at("repository").get<std::string>(), document.at("generation").get<std::uint64_t>(),
            document.at("manifest").get<std::string>()};
}

json to_json(const TestedPackage& package) {
    json document{{"format", package.format},   {"dist", package.dist},         {"name", package.name},
                  {"version", package.version}, {"arch", package.architecture}, {"sha256", package.sha256}};
    if (!package.component.empty()) document["component"] = package.component;
    if (!package.unsigned_sha256.empty()) document["unsigned"] = package.unsigned_sha256;
    return document;
}

TestedPackage package_from(const json& document) {
    return {document.at("format").get<std::string>(),
            document.at("dist").get<std::string>(),
            document.value("component", ""),
            document.at("name").get<std::string>(),
            document.at("version").get<std::string>(),
            document.at("arch").get<std::string>(),
            document.at("sha256").get<std::string>(),
            document.value("unsigned", ""),
            ""};
}

template <class T>
json list_of(const std::vector<T>& items) {
    json list = json::array();
    for (const auto& item : items) list.push_back(to_json(item));
    return list;
}

Evidence evidence_from(const json& document) {
    if (document.at("format") != kEvidenceFormat)
        throw Error(ErrorKind::integrity, "read", "evidence", "it was written by a newer repotool");
    Evidence evidence;
    evidence.subject = generation_from(document.at("subject"));
    document.at("check").get_to(evidence.check);
    evidence.status = parse_status(document.at("status").get<std::string>());
    document.at("dist").get_to(evidence.dist);
    evidence.time = base::parse_iso8601(document.at("time").get<std::string>());
    const json& actor = document.at("actor");
    actor.at("user").get_to(evidence.user);
    actor.at("host").get_to(evidence.host);
    actor.at("job").get_to(evidence.job);
    document.at("log_url").get_to(evidence.log_url);
    document.at("reason").get_to(evidence.reason);
    document.at("missing").get_to(evidence.missing);
    document.at("junit").get_to(evidence.junit_sha256);
    if (document.contains("base")) evidence.base = generation_from(document.at("base"));
    for (const auto& item : document.at("covers")) evidence.covers.push_back(generation_from(item));
    for (const auto& item : document.at("packages")) evidence.packages.push_back(package_from(item));
    document.at("seq").get_to(evidence.sequence);
    document.at("prev").get_to(evidence.previous);
    return evidence;
}

}  // namespace

const char* evidence_status_name(EvidenceStatus status) {
    for (const auto& [known, name] : kStatusNames) {
        if (status == known) return name;
    }
    return "";
}

EvidenceStatus parse_check_status(const std::string& name) {
    for (const auto& [status, known] : kStatusNames) {
        if (name == known && status != EvidenceStatus::override_gate) return status;
    }
    throw Error(ErrorKind::usage, "record status", name, "expected pass, fail or skip");
}

std::string render_evidence(const Evidence& evidence) {
    json document{{"format", kEvidenceFormat},
                  {"subject", to_json(evidence.subject)},
                  {"check", evidence.check},
                  {"status", evidence_status_name(evidence.status)},
                  {"dist", evidence.dist},
                  {"time", base::iso8601(evidence.time)},
                  {"actor", {{"user", evidence.user}, {"host", evidence.host}, {"job", evidence.job}}},
                  {"log_url", evidence.log_url},
                  {"reason", evidence.reason},
                  {"missing", evidence.missing},
                  {"junit", evidence.junit_sha256},
                  {"covers", list_of(evidence.covers)},
                  {"packages", list_of(evidence.packages)},
                  {"seq", evidence.sequence},
                  {"prev", evidence.previous}};
    if (evidence.base) document["base"] = to_json(*evidence.base);
    return document.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

Evidence parse_evidence(std::string_view text, const std::string& name) {
    try {
        return evidence_from(json::parse(text));
    } catch (const json::exception& error) {
        throw Error(ErrorKind::integrity, "read", name, error.what());
    } catch (const Error& error) {
        throw Error(ErrorKind::integrity, "read", name, error.reason());
    }
}

}  // namespace repotool::publisher
