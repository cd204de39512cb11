// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/prepared_request.hpp"

#include <functional>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"

namespace repotool::publisher {
namespace {

using nlohmann::json;

template <typename Value>
Value reading(const char* what, const std::function<Value()>& read) {
    try {
        return read();
    } catch (const json::exception& error) {
        throw base::Error(base::ErrorKind::integrity, "read", what, error.what());
    }
}

std::string dump(const json& document) {
    return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

json to_document(const Candidate& candidate) {
    return {{"format", formats::format_name(candidate.format)},
            {"kind", formats::kind_name(candidate.kind)},
            {"any", candidate.any_architecture},
            {"debug_apart", candidate.debug == DebugPlace::apart},
            {"record", store::render_record(candidate.record)},
            {"dist", candidate.dist},
            {"component", candidate.component},
            {"origin", candidate.origin},
            {"staged", candidate.staged_path},
            {"staged_files", candidate.staged_files}};
}

Candidate candidate_from(const json& document) {
    Candidate candidate;
    candidate.format = formats::parse_format(document.at("format").get<std::string>());
    candidate.kind = formats::parse_kind(document.at("kind").get<std::string>());
    document.at("any").get_to(candidate.any_architecture);
    candidate.debug = document.at("debug_apart").get<bool>() ? DebugPlace::apart : DebugPlace::together;
    candidate.record = store::parse_records(document.at("record").get<std::string>()).at(0);
    document.at("dist").get_to(candidate.dist);
    document.at("component").get_to(candidate.component);
    document.at("origin").get_to(candidate.origin);
    document.at("staged").get_to(candidate.staged_path);
    document.at("staged_files").get_to(candidate.staged_files);
    candidate.file_name = fs::base_name(candidate.record.path);
    return candidate;
}

json to_document(const SharedChunk& chunk) {
    return {{"format", formats::format_name(chunk.set.format)},
            {"set", {chunk.set.dist, chunk.set.component, chunk.set.architecture}},
            {"chunk", {chunk.reference.sha256, chunk.reference.records, chunk.reference.first_key}},
            {"origin", chunk.origin}};
}

SharedChunk shared_from(const json& document) {
    SharedChunk chunk;
    chunk.set.format = formats::parse_format(document.at("format").get<std::string>());
    document.at("set").at(0).get_to(chunk.set.dist);
    document.at("set").at(1).get_to(chunk.set.component);
    document.at("set").at(2).get_to(chunk.set.architecture);
    document.at("chunk").at(0).get_to(chunk.reference.sha256);
    document.at("chunk").at(1).get_to(chunk.reference.records);
    document.at("chunk").at(2).get_to(chunk.reference.first_key);
    document.at("origin").get_to(chunk.origin);
    return chunk;
}

json to_document(const PackagePattern& pattern) {
    return {pattern.name, pattern.version,   pattern.architecture,
            pattern.dist, pattern.component, pattern.sha256};
}

PackagePattern pattern_from(const json& document) {
    const auto part = [&](std::size_t i) { return document.at(i).get<std::string>(); };
    return {part(0), part(1), part(2), part(3), part(4), part(5)};
}

json to_document(const RequestRules& rules) {
    return {{"allow_downgrade", rules.allow_downgrade},
            {"allow_release_info_change", rules.allow_release_info_change},
            {"exact", rules.is_exact},
            {"refresh", rules.is_refresh},
            {"keep_versions", rules.keep_versions}};
}

RequestRules rules_from(const json& document) {
    return {document.at("allow_downgrade").get<bool>(), document.at("allow_release_info_change").get<bool>(),
            document.at("exact").get<bool>(), document.at("refresh").get<bool>(),
            document.at("keep_versions").get<unsigned>()};
}

json to_document(const Decision& decision) {
    return {{"action", action_name(decision.action)},
            {"format", formats::format_name(decision.format)},
            {"dist", decision.dist},
            {"component", decision.component},
            {"origin", decision.origin},
            {"reason", decision.reason},
            {"record", store::render_record(decision.record)}};
}

Decision decision_from(const json& document) {
    Decision decision;
    decision.action = parse_action(document.at("action").get<std::string>());
    decision.format = formats::parse_format(document.at("format").get<std::string>());
    document.at("dist").get_to(decision.dist);
    document.at("component").get_to(decision.component);
    document.at("origin").get_to(decision.origin);
    decision.reason = document.value("reason", std::string());
    decision.record = store::parse_records(document.at("record").get<std::string>()).at(0);
    return decision;
}

}  // namespace

std::string to_json(const PreparedRequest& request) {
    json candidates = json::array();
    for (const auto& candidate : request.candidates) candidates.push_back(to_document(candidate));
    json shared = json::array();
    for (const auto& chunk : request.shared) shared.push_back(to_document(chunk));
    json extras = json::array();
    for (const auto& extra : request.extras)
        extras.push_back({extra.type, extra.text, extra.origin, extra.dist});
    json removals = json::array();
    for (const auto& removal : request.removals) removals.push_back(to_document(removal));
    json spooled = json::object();
    for (const auto& [sha256, part] : request.spooled) spooled[sha256] = {part.offset, part.length};
    return dump({{"operation", request.operation},
                 {"rules", to_document(request.rules)},
                 {"candidates", candidates},
                 {"shared", shared},
                 {"extras", extras},
                 {"removals", removals},
                 {"actor", {request.user, request.host, request.job}},
                 {"meta", request.meta},
                 {"spool", request.spool_path},
                 {"spooled", spooled}});
}

PreparedRequest prepared_request_from_json(const std::string& text) {
    return reading<PreparedRequest>("request", [&] {
        const json document = json::parse(text);
        PreparedRequest request;
        document.at("operation").get_to(request.operation);
        request.rules = rules_from(document.at("rules"));
        for (const auto& candidate : document.at("candidates"))
            request.candidates.push_back(candidate_from(candidate));
        for (const auto& chunk : document.at("shared")) request.shared.push_back(shared_from(chunk));
        for (const auto& extra : document.at("extras")) {
            request.extras.push_back({extra.at(0).get<std::string>(), extra.at(1).get<std::string>(),
                                      extra.at(2).get<std::string>(), extra.at(3).get<std::string>()});
        }
        for (const auto& removal : document.at("removals")) request.removals.push_back(pattern_from(removal));
        document.at("actor").at(0).get_to(request.user);
        document.at("actor").at(1).get_to(request.host);
        document.at("actor").at(2).get_to(request.job);
        document.at("meta").get_to(request.meta);
        document.at("spool").get_to(request.spool_path);
        for (const auto& [sha256, part] : document.at("spooled").items())
            request.spooled[sha256] = {part.at(0).get<std::uint64_t>(), part.at(1).get<std::uint64_t>()};
        return request;
    });
}

std::string to_json(const RequestOutcome& outcome) {
    json decisions = json::array();
    for (const auto& decision : outcome.decisions) decisions.push_back(to_document(decision));
    json metadata = json::array();
    for (const auto& change : outcome.metadata)
        metadata.push_back({change.dist, change.type, metadata_action_name(change.action)});
    return dump({{"decisions", decisions},
                 {"metadata", metadata},
                 {"unlisted", outcome.unlisted},
                 {"changed", outcome.changed},
                 {"generation", outcome.generation},
                 {"manifest", outcome.manifest_sha256},
                 {"settings", outcome.setting_changes}});
}

std::string to_json(const base::Error& error, std::uint64_t generation, const std::string& manifest_sha256) {
    return dump({{"error",
                  {{"kind", static_cast<int>(error.kind())},
                   {"verb", error.verb()},
                   {"object", error.object()},
                   {"reason", error.reason()},
                   {"hint", error.hint()}}},
                 {"generation", generation},
                 {"manifest", manifest_sha256}});
}

RequestAnswer answer_from_json(const std::string& text) {
    return reading<RequestAnswer>("answer", [&] {
        const json document = json::parse(text);
        RequestAnswer answer;
        document.at("generation").get_to(answer.outcome.generation);
        document.at("manifest").get_to(answer.outcome.manifest_sha256);
        if (document.contains("error")) {
            const json& error = document.at("error");
            answer.error.emplace(static_cast<base::ErrorKind>(error.at("kind").get<int>()),
                                 error.at("verb").get<std::string>(), error.at("object").get<std::string>(),
                                 error.at("reason").get<std::string>(), error.at("hint").get<std::string>());
            return answer;
        }
        document.at("changed").get_to(answer.outcome.changed);
        document.at("unlisted").get_to(answer.outcome.unlisted);
        document.at("settings").get_to(answer.outcome.setting_changes);
        for (const auto& decision : document.at("decisions"))
            answer.outcome.decisions.push_back(decision_from(decision));
        for (const auto& change : document.at("metadata")) {
            answer.outcome.metadata.push_back({change.at(0).get<std::string>(),
                                               change.at(1).get<std::string>(),
                                               parse_metadata_action(change.at(2).get<std::string>())});
        }
        return answer;
    });
}

}  // namespace repotool::publisher
