// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/answer/result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/text.hpp"
#include "repotool/answer/client_snippet.hpp"
#include "repotool/answer/update_json.hpp"
#include "repotool/packages/package_json.hpp"

namespace repotool::publisher {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMostLines = 20;

std::string apt_options(const PublishResult& result) {
    return result.is_signed ? "" : "trusted=yes";
}

ordered_json decision_json(const Decision& decision) {
    ordered_json package =
        package_json(formats::format_name(decision.format), decision.dist, decision.record);
    package["action"] = action_name(decision.action);
    if (!decision.reason.empty()) package["reason"] = decision.reason;
    return package;
}

// What this run put into the repository in one format, or found there: names, sources and versions, each
// once, and where.
struct Inventory {
    std::set<std::string> sources, versions, binaries;
    std::string dist, component;  // of the first package
    bool is_empty() const { return versions.empty(); }
};
Inventory inventory(const PublishResult& result, formats::Format format) {
    Inventory found;
    for (const auto& decision : result.decisions) {
        const bool present = decision.action == Action::added || decision.action == Action::unchanged;
        if (decision.format != format || !present) continue;
        if (found.is_empty()) {
            found.dist = decision.dist;
            found.component = decision.component;
        }
        found.sources.insert(decision.record.source);
        found.versions.insert(decision.record.version);
        const std::string& architecture = decision.record.architecture;
        if (architecture != "src" && architecture != "nosrc" && architecture != "source")
            found.binaries.insert(decision.record.name);
    }
    return found;
}

std::string words(const std::set<std::string>& values) {
    return fmt::format("{}", fmt::join(values, " "));
}

void add_variable(std::string& text, const char* name, const std::string& value) {
    text += fmt::format("{}={}\n", name, base::shell_quote(value));
}

void add_deb_variables(std::string& text, const PublishResult& result, const Config& config) {
    const Inventory found = inventory(result, formats::Format::deb);
    if (found.is_empty()) return;
    add_variable(text, "DEB_PUBLISH_SUCCEEDED", "true");
    add_variable(text, "DEB_REPO_URL",
                 fmt::format("{}/{} {} {}", config.base_url, result.repository, found.dist, found.component));
    add_variable(text, "DEB_PACKAGENAME", words(found.sources));
    add_variable(text, "DEB_VERSION", words(found.versions));
    add_variable(text, "DEB_BINARIES", words(found.binaries));
}

void add_rpm_variables(std::string& text, const PublishResult& result, const Config& config) {
    const Inventory found = inventory(result, formats::Format::rpm);
    if (found.is_empty()) return;
    std::string
        url;  // the first architecture of the dist, a source repository only where there is nothing else
    for (const auto& address : rpm_addresses(result.repository, result.sub_manifests, config.base_url)) {
        if (address.dist == found.dist && (url.empty() || url.ends_with("/source/"))) url = address.baseurl;
    }
    add_variable(text, "RPM_PUBLISH_SUCCEEDED", "true");
    add_variable(text, "RPM_REPO_URL", url);
    add_variable(text, "RPM_VERSION", words(found.versions));
    add_variable(text, "RPM_BINARIES", words(found.binaries));
}

// Packages of the request that did not get in: by name where they are few.
std::string left_out_text(const PublishResult& result) {
    constexpr std::size_t kMostNames = 3;
    std::vector<std::string> names;
    std::size_t count = 0;
    for (const auto& decision : result.decisions) {
        if (decision.action != Action::refused) continue;
        const auto& record = decision.record;
        if (++count <= kMostNames)
            names.push_back(fmt::format("{} {} {} ({})", record.name, record.version, record.architecture,
                                        decision.reason));
    }
    if (count == 0) return {};
    if (count > kMostNames) names.push_back(fmt::format("… and {} more", count - kMostNames));
    return fmt::format("{} left out: {}", count, base::join(names, ", "));
}

std::string summary(const PublishResult& result) {
    std::vector<std::string> parts;
    for (const Action action : {Action::added, Action::superseded, Action::removed, Action::unchanged}) {
        const auto count = std::count_if(result.decisions.begin(), result.decisions.end(),
                                         [&](const Decision& decision) { return decision.action == action; });
        if (count > 0) parts.push_back(fmt::format("{} {}", count, action_name(action)));
    }
    if (const std::string left_out = left_out_text(result); !left_out.empty()) parts.push_back(left_out);
    if (result.unlisted > 0) parts.push_back("what both have unchanged");
    if (!result.metadata.empty()) parts.push_back(base::counted(result.metadata.size(), "metadata change"));
    return parts.empty() ? "no package changes" : base::join(parts, ", ");
}

std::string change_lines(const PublishResult& result) {
    std::string text;
    std::size_t shown = 0;
    std::size_t changes = 0;
    for (const auto& decision : result.decisions) {
        if (!is_change(decision)) continue;
        ++changes;
        if (shown >= kMostLines) continue;
        ++shown;
        const char sign = decision.action == Action::added ? '+' : '-';
        const std::string component = decision.component.empty() ? "" : "/" + decision.component;
        text += fmt::format("  {} {} {} {} {} ({}{})\n", sign, formats::format_name(decision.format),
                            decision.record.name, decision.record.version, decision.record.architecture,
                            decision.dist, component);
    }
    if (changes > shown) text += fmt::format("  … and {} more\n", changes - shown);
    return text;
}

std::string metadata_lines(const PublishResult& result) {
    std::string text;
    for (const auto& change : result.metadata) {
        const char sign = change.action == MetadataAction::added     ? '+'
                          : change.action == MetadataAction::removed ? '-'
                                                                     : '~';
        text += fmt::format("  {} rpm metadata {} {} ({})\n", sign, change.type,
                            metadata_action_name(change.action), change.dist);
    }
    return text;
}

std::string note_lines(const PublishResult& result) {
    std::string text;
    for (const auto& note : result.notes) text += fmt::format("  note: {}\n", note);
    return text;
}

std::string setting_line(const PublishResult& result) {
    if (result.setting_changes.empty()) return {};
    const std::string names = base::join(result.setting_changes, ", ");
    if (result.changed) return fmt::format("  with changed settings: {}\n", names);
    return fmt::format("  settings changed ({}): `repotool refresh {}` applies them\n", names,
                       result.repository);
}

std::string detail_lines(const PublishResult& result) {
    return change_lines(result) + metadata_lines(result) + note_lines(result) + setting_line(result);
}

// Where a build went: "el6, el7", or nothing for none of its packages.
std::string targets_text(const BuildReport& build) {
    std::set<std::string> targets;
    for (const auto& package : build.packages) targets.insert(package.target);
    return fmt::format("{}", fmt::join(targets, ", "));
}

std::string update_lines(const PublishResult& result) {
    std::string text;
    for (const auto& update : result.updates) {
        text += fmt::format("  update {}: {}\n", base::printable(update.update.file),
                            base::counted(update.builds.size(), "build"));
        for (const auto& build : update.builds) {
            text += fmt::format("    {} ({}) to {}: {}\n", build.build.id,
                                combination_text(build.build.repo, build.build.dist), targets_text(build),
                                base::counted(build.packages.size(), "package"));
        }
        for (const auto& combination : update.combinations) {
            const Verdict& verdict = combination.verdict;
            if (verdict.state == VerdictState::unchecked) continue;
            text +=
                fmt::format("    {} {}{}\n", combination_text(combination.release, combination.dist),
                            verdict_name(verdict.state), verdict.reason.empty() ? "" : ": " + verdict.reason);
        }
    }
    return text;
}

std::string move_lines(const PublishResult& result, DryRun dry_run) {
    const auto& moved = result.moves.moved;
    std::string text;
    if (!moved.empty()) {
        text += fmt::format("  {} {}: '{}' to '{}'{}\n", dry_run == DryRun::yes ? "would move" : "moved",
                            base::counted(moved.size(), "file"), base::printable(moved[0].from),
                            base::printable(moved[0].to), moved.size() > 1 ? " …" : "");
    }
    for (const auto& left : result.moves.left)
        text += fmt::format("  stays: '{}': {}\n", base::printable(left.path), left.reason);
    return text;
}

}  // namespace

std::string render_json(const PublishResult& result, const Config& config) {
    ordered_json packages = ordered_json::array();
    for (const auto& decision : result.decisions) packages.push_back(decision_json(decision));
    ordered_json apt = ordered_json::array();
    for (const auto& address :
         apt_addresses(result.repository, result.sub_manifests, config.base_url, apt_options(result))) {
        apt.push_back({{"suite", address.suite},
                       {"components", address.components},
                       {"url", address.url},
                       {"sources", address.sources}});
    }
    ordered_json rpm = ordered_json::array();
    for (const auto& address : rpm_addresses(result.repository, result.sub_manifests, config.base_url)) {
        rpm.push_back({{"dist", address.dist},
                       {"architecture", address.architecture},
                       {"baseurl", address.baseurl},
                       {"mirrorlist", address.mirrorlist}});
    }
    ordered_json steps = ordered_json::array();
    for (const auto& step : result.steps) {
        steps.push_back({{"name", step.name}, {"ms", step.ms}});
        if (step.is_reused) steps.back()["reused"] = true;
    }
    ordered_json document{
        {"ok", true},
        {"changed", result.changed},
        {"repository", result.repository},
        {"generation", result.generation},
        {"parent", result.parent == 0 ? ordered_json(nullptr) : ordered_json(result.parent)},
        {"manifest_sha256", result.manifest_sha256},
        {"packages", packages},
        {"apt", apt},
        {"rpm", rpm},
        {"elapsed_ms", result.elapsed_ms},
        {"steps", steps}};
    if (result.unlisted > 0) document["unlisted"] = result.unlisted;
    for (const auto& change : result.metadata) {
        document["metadata"].push_back(
            {{"dist", change.dist}, {"type", change.type}, {"action", metadata_action_name(change.action)}});
    }
    for (const auto& update : result.updates) document["updates"].push_back(update_json(update));
    for (const auto& file : result.moves.moved)
        document["moved"].push_back({{"from", base::printable(file.from)}, {"to", base::printable(file.to)}});
    for (const auto& file : result.moves.left)
        document["left"].push_back({{"file", base::printable(file.path)}, {"reason", file.reason}});
    if (result.moves.failure) document["move_failure"] = base::printable(result.moves.failure->what());
    if (!result.notes.empty()) document["notes"] = result.notes;
    if (!result.setting_changes.empty()) document["setting_changes"] = result.setting_changes;
    return document.dump(1) + "\n";
}

std::string render_env(const PublishResult& result, const Config& config) {
    std::string text;
    add_variable(text, "REPOTOOL_REPOSITORY", result.repository);
    add_variable(text, "REPOTOOL_GENERATION", std::to_string(result.generation));
    add_variable(text, "REPOTOOL_URL", config.base_url + "/" + result.repository);
    add_deb_variables(text, result, config);
    add_rpm_variables(text, result, config);
    return text;
}

std::string render_text(const PublishResult& result, const Config& config, DryRun dry_run) {
    const std::string name = fmt::format("{}@{}", result.repository, result.generation);
    const std::string updates = update_lines(result) + move_lines(result, dry_run);
    if (!result.changed)
        return fmt::format("{} is current: nothing to do ({})\n{}{}", name, summary(result),
                           setting_line(result), updates);
    if (dry_run == DryRun::yes)
        return fmt::format("{} would be made: {}\n{}{}", name, summary(result), detail_lines(result),
                           updates);
    std::string text = fmt::format("{} is live: {}, {} ms\n{}{}", name, summary(result), result.elapsed_ms,
                                   detail_lines(result), updates);
    for (const auto& address :
         apt_addresses(result.repository, result.sub_manifests, config.base_url, apt_options(result)))
        text += "  " + address.sources + "\n";
    for (const auto& address : rpm_addresses(result.repository, result.sub_manifests, config.base_url)) {
        text += fmt::format("  {}\n", address.baseurl);
    }
    return text;
}

}  // namespace repotool::publisher
