// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/protocol/wire.hpp"

#include <array>

#include "core/base/digest.hpp"
#include "core/store/names.hpp"
#include "sync/mirror/version_json.hpp"

namespace repotool::sync::wire {
namespace {

using base::ErrorKind;
using nlohmann::json;

json or_null(const std::optional<Version>& version) {
    return version ? version_json(*version) : json(nullptr);
}

std::optional<Version> version_or_null(const json& document) {
    return document.is_null() ? std::nullopt : std::optional(version_from(document));
}

constexpr std::array kKinds{ErrorKind::internal, ErrorKind::usage,   ErrorKind::input,
                            ErrorKind::policy,   ErrorKind::signing, ErrorKind::conflict,
                            ErrorKind::storage,  ErrorKind::network, ErrorKind::integrity};

}  // namespace

void reading(const std::string& from, const std::function<void()>& read) {
    try {
        read();
    } catch (const json::exception& error) {
        throw base::Error(ErrorKind::network, "understand", from, error.what(),
                          "do both sides have the same version of mirrorsync?");
    }
}

json to_json(const TransactionIdentity& identity) {
    json document = version_json(identity.version);
    document["repository"] = identity.repository;
    return document;
}

TransactionIdentity identity_from(const json& document) {
    TransactionIdentity identity{document.at("repository").get<std::string>(), version_from(document)};
    store::check_repository_name(identity.repository);
    return identity;
}

json to_json(const MirrorState& state) {
    return {
        {"current", or_null(state.current)}, {"highest", or_null(state.highest)}, {"trial", state.is_trial}};
}

MirrorState state_from(const json& document) {
    return {version_or_null(document.at("current")), version_or_null(document.at("highest")),
            document.value("trial", false)};
}

json to_json(const PlanSummary& plan) {
    return {{"files", plan.files},
            {"bytes", plan.bytes},
            {"packages", plan.packages},
            {"removed_packages", plan.removed_packages},
            {"present_packages", plan.present_packages},
            {"free_bytes", plan.free_bytes ? json(*plan.free_bytes) : json(nullptr)},
            {"free_inodes", plan.free_inodes ? json(*plan.free_inodes) : json(nullptr)}};
}

PlanSummary plan_from(const json& document) {
    PlanSummary plan;
    document.at("files").get_to(plan.files);
    document.at("bytes").get_to(plan.bytes);
    document.at("packages").get_to(plan.packages);
    document.at("removed_packages").get_to(plan.removed_packages);
    document.at("present_packages").get_to(plan.present_packages);
    if (const auto& bytes = document.at("free_bytes"); !bytes.is_null())
        plan.free_bytes = bytes.get<std::uint64_t>();
    if (const auto& inodes = document.at("free_inodes"); !inodes.is_null())
        plan.free_inodes = inodes.get<std::uint64_t>();
    return plan;
}

json to_json(const Transferred& transferred) {
    return {{"files", transferred.files}, {"packages", transferred.packages}};
}

Transferred transferred_from(const json& document) {
    Transferred transferred;
    document.at("files").get_to(transferred.files);
    document.at("packages").get_to(transferred.packages);
    return transferred;
}

json to_json(const RetireRequest& request) {
    json purged = json::array();
    for (const auto& entry : request.purged) {
        purged.push_back({{"sha256", entry.sha256},
                          {"unsigned", entry.unsigned_sha256},
                          {"content", entry.content},
                          {"name", entry.name},
                          {"version", entry.version},
                          {"arch", entry.architecture},
                          {"reason", entry.reason},
                          {"by", entry.by},
                          {"time", entry.time}});
    }
    return {{"grace_metadata", request.rules.grace_metadata},
            {"grace_packages", request.rules.grace_packages},
            {"keep_generations", request.rules.keep_generations},
            {"lock_timeout", request.lock_timeout},
            {"purged", purged}};
}

RetireRequest retire_request_from(const json& document) {
    RetireRequest request;
    document.at("grace_metadata").get_to(request.rules.grace_metadata);
    document.at("grace_packages").get_to(request.rules.grace_packages);
    document.at("keep_generations").get_to(request.rules.keep_generations);
    document.at("lock_timeout").get_to(request.lock_timeout);
    for (const auto& item : document.at("purged")) {
        store::PurgedEntry entry;
        item.at("sha256").get_to(entry.sha256);
        item.at("unsigned").get_to(entry.unsigned_sha256);
        item.at("content").get_to(entry.content);
        item.at("name").get_to(entry.name);
        item.at("version").get_to(entry.version);
        item.at("arch").get_to(entry.architecture);
        item.at("reason").get_to(entry.reason);
        item.at("by").get_to(entry.by);
        item.at("time").get_to(entry.time);
        if (!base::is_sha256_hex(entry.sha256)) throw json::other_error::create(501, "not a digest", &item);
        request.purged.push_back(std::move(entry));
    }
    return request;
}

json to_json(const Retired& retired) {
    return {{"generations", retired.generations},     {"metadata_files", retired.metadata_files},
            {"package_files", retired.package_files}, {"bytes", retired.bytes},
            {"purged_files", retired.purged_files},   {"waiting_files", retired.waiting_files},
            {"left_alone", retired.left_alone}};
}

Retired retired_from(const json& document) {
    Retired retired;
    document.at("generations").get_to(retired.generations);
    document.at("metadata_files").get_to(retired.metadata_files);
    document.at("package_files").get_to(retired.package_files);
    document.at("bytes").get_to(retired.bytes);
    document.at("purged_files").get_to(retired.purged_files);
    document.at("waiting_files").get_to(retired.waiting_files);
    document.at("left_alone").get_to(retired.left_alone);
    return retired;
}

json to_json(const Inspection& inspection) {
    json damage = json::array();
    for (const auto& item : inspection.damage) damage.push_back({item.path, item.problem});
    return {{"generation", inspection.generation.value_or(0)},
            {"is_read", inspection.is_read},
            {"files", inspection.files},
            {"bytes", inspection.bytes},
            {"manifest", inspection.manifest},
            {"signature", inspection.signature},
            {"damage", damage},
            {"damaged", inspection.damaged}};
}

Inspection inspection_from(const json& document) {
    Inspection inspection;
    const auto generation = document.at("generation").get<std::uint64_t>();
    if (generation != 0) inspection.generation = generation;
    document.at("is_read").get_to(inspection.is_read);
    document.at("files").get_to(inspection.files);
    document.at("bytes").get_to(inspection.bytes);
    document.at("manifest").get_to(inspection.manifest);
    document.at("signature").get_to(inspection.signature);
    for (const auto& item : document.at("damage"))
        inspection.add(item.at(0).get<std::string>(), item.at(1).get<std::string>());
    document.at("damaged").get_to(inspection.damaged);
    return inspection;
}

json to_json(const base::Error& error) {
    return {{"kind", base::kind_name(error.kind())},
            {"verb", error.verb()},
            {"object", error.object()},
            {"reason", error.reason()},
            {"hint", error.hint()}};
}

base::Error error_from(const json& document) {
    const std::string name = document.at("kind").get<std::string>();
    ErrorKind found = ErrorKind::internal;
    for (const auto kind : kKinds) {
        if (name == base::kind_name(kind)) found = kind;
    }
    return {found, document.at("verb").get<std::string>(), document.at("object").get<std::string>(),
            document.at("reason").get<std::string>(), document.at("hint").get<std::string>()};
}

}  // namespace repotool::sync::wire
