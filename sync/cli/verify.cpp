// SPDX-License-Identifier: GPL-3.0-or-later
// mirrorsync verify [NAME…], or [SOURCE] [TARGET…]: what the mirrors serve, to the last byte.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/text.hpp"
#include "sync/cli/setup.hpp"
#include "sync/fleet/verification.hpp"

namespace repotool::sync::cli {
namespace {

using nlohmann::json;

json to_json(const Verdict& verdict) {
    const Inspection& found = verdict.inspection;
    json damage = json::array();
    for (const auto& item : found.damage) damage.push_back({{"path", item.path}, {"problem", item.problem}});
    return {{"name", verdict.mirror},
            {"state", soundness_name(verdict.soundness)},
            {"generation", found.generation ? json(*found.generation) : json(nullptr)},
            {"read", found.is_read},
            {"files", found.files},
            {"bytes", found.bytes},
            {"signature_checked", verdict.is_signature_checked},
            {"looked_at", verdict.is_looked_at},
            {"damage", damage},
            {"damaged_files", found.damaged},
            {"error", verdict.failure ? json(verdict.failure->message) : json(nullptr)}};
}

std::string what_was_read(const Verdict& verdict) {
    std::string text = verdict.inspection.is_read
                           ? fmt::format("{} read, {}", base::counted(verdict.inspection.files, "file"),
                                         base::human_size(verdict.inspection.bytes))
                           : "this kind of mirror cannot be read";
    if (verdict.is_signature_checked) text += ", signature checked";
    if (verdict.is_looked_at) text += ", looked at through its web server";
    return text;
}

void print(const Verdict& verdict, const std::string& repository) {
    const auto& found = verdict.inspection;
    const std::string name =
        found.generation ? fmt::format("{}@{}", repository, *found.generation) : repository;
    fmt::print("{}: {} is {} ({})\n", verdict.mirror, name, soundness_name(verdict.soundness),
               verdict.soundness == Soundness::sound     ? what_was_read(verdict)
               : verdict.soundness == Soundness::damaged ? base::counted(found.damaged, "file")
                                                         : verdict.failure->message);
    for (const auto& item : found.damage) fmt::print("  {}: {}\n", item.path, base::printable(item.problem));
    if (found.damaged > found.damage.size())
        fmt::print("  and {} more\n", found.damaged - found.damage.size());
}

}  // namespace

void add_verify(CLI::App& app, CommonOptions& options) {
    add_common(app, options);
    app.get_option("places")->description(
        "SOURCE and TARGETs as in a run, or NAMEs of mirrors.yaml: these mirrors alone");
    options.names_mirrors = true;
    app.add_option("--keyring", options.keyring, "public keys, one of which must have signed MANIFEST")
        ->type_name("FILE");
}

int verify(const CommonOptions& options) {
    Setup setup(options);
    const FleetOptions fleet_options = setup.fleet_options();
    json repositories = json::array();
    const Verdict* worst = nullptr;
    std::vector<std::vector<Verdict>> all;
    for (const auto& name : setup.repositories()) {
        const OpenFleet fleet = setup.open(Missing::refuse);
        all.push_back(verify_fleet(setup.source().get(), name, fleet.members, fleet_options));
        json mirrors = json::array();
        for (const auto& verdict : all.back()) {
            mirrors.push_back(to_json(verdict));
            if (!options.json && !options.quiet) print(verdict, name);
        }
        repositories.push_back({{"repository", name}, {"mirrors", mirrors}});
    }
    // The worst of all decides.
    for (const auto& verdicts : all) {
        for (const auto& verdict : verdicts) {
            if (verdict.failure && (worst == nullptr || verdict.soundness > worst->soundness))
                worst = &verdict;
        }
    }
    if (options.json) {
        json document{{"ok", worst == nullptr}, {"repositories", repositories}};
        if (worst != nullptr) document["error"] = sync::to_json(*worst->failure);
        print_document(document);
    }
    return worst == nullptr ? 0 : complain(*worst->failure);
}

}  // namespace repotool::sync::cli
