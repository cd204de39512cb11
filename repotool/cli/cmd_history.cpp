// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/console/help.hpp"
#include "repotool/cli/command.hpp"
#include "repotool/inspect/chronicle.hpp"
#include "repotool/packages/package_json.hpp"

namespace repotool::cli {
namespace {

using nlohmann::ordered_json;
using publisher::Chronicle;
using publisher::ChronicleSource;
using store::HistoryRecord;

struct Options {
    std::string repository;
    std::size_t most = 0;  // 0: all
};

std::string who(const HistoryRecord& record) {
    return record.user.empty() ? "" : fmt::format("  {}@{}", record.user, record.host);
}

std::string meta_text(const std::map<std::string, std::string>& meta) {
    std::string text;
    for (const auto& [key, value] : meta) text += fmt::format("  {}={}", key, base::printable(value));
    return text;
}

std::string line_of(const std::string& repository, const HistoryRecord& record) {
    const auto added = std::count_if(record.changes.begin(), record.changes.end(),
                                     [](const auto& change) { return change.action == "added"; });
    const auto gone = static_cast<std::ptrdiff_t>(record.changes.size()) - added;
    const std::string job = record.job.empty() ? "" : "  " + base::printable(record.job);
    return fmt::format("{}@{}  {}  {}{}  +{} -{}{}{}{}\n", repository, record.generation,
                       base::iso8601(record.time), record.operation.empty() ? "changed" : record.operation,
                       who(record), added, gone, job, meta_text(record.meta),
                       record.recovered ? "  (written by recovery)" : "");
}

std::string change_lines(const HistoryRecord& record) {
    std::string text;
    for (const auto& request : record.requests) {
        text += fmt::format("    with {} by {}@{}{}{}\n", request.operation, request.user, request.host,
                            request.job.empty() ? "" : ", " + base::printable(request.job),
                            meta_text(request.meta));
    }
    for (const auto& change : record.changes) {
        text += fmt::format("    {} {} {} {} {} ({}){}{}\n", change.action == "added" ? '+' : '-',
                            change.format, change.name, change.version, change.architecture,
                            publisher::place_text(change.dist, change.component),
                            change.action == "superseded" ? " superseded" : "",
                            change.origin.empty() ? "" : "  from " + base::printable(change.origin));
    }
    return text;
}

// As on disk, but for the names that all answers share.
ordered_json record_json(const HistoryRecord& record, ChronicleSource source) {
    ordered_json document = ordered_json::parse(store::render_history_record(record));
    document["manifest_sha256"] = document["manifest"];
    document.erase("manifest");
    document["parent"] = record.parent == 0 ? ordered_json(nullptr) : ordered_json(record.parent);
    if (source == ChronicleSource::history) return document;
    for (const char* unknown : {"seq", "prev", "operation", "actor", "meta"}) document.erase(unknown);
    return document;
}

std::string head_line(const Chronicle& chronicle, std::size_t shown) {
    const std::string records = base::counted(chronicle.records.size(), "record");
    const std::string part = shown < chronicle.records.size() ? fmt::format(", the last {}", shown) : "";
    return fmt::format(
        "{}: {}{}{}\n", chronicle.repository,
        chronicle.source == ChronicleSource::history ? records : records + " by its public manifests", part,
        chronicle.current ? "" : "; the repository is gone");
}

int run(const Options& options, const GlobalOptions& global) {
    OpenSite site = open_site(global);
    const Chronicle chronicle = publisher::read_chronicle(*site.filesystem, options.repository);
    const std::size_t most = options.most == 0 ? chronicle.records.size() : options.most;
    const std::size_t shown = std::min(most, chronicle.records.size());
    if (chronicle.source == ChronicleSource::manifests)
        base::info("private/history is not yours to read: who and why is left out");
    ordered_json list = ordered_json::array();
    std::string text = head_line(chronicle, shown);
    for (std::size_t i = 0; i < shown; ++i) {
        const HistoryRecord& record = chronicle.records[i];
        text += line_of(chronicle.repository, record);
        if (global.verbose) text += change_lines(record);
        if (global.json) list.push_back(record_json(record, chronicle.source));
    }
    const bool whole = chronicle.source == ChronicleSource::history;
    const ordered_json document{
        {"ok", true},
        {"repository", chronicle.repository},
        {"generation", chronicle.current ? ordered_json(*chronicle.current) : ordered_json(nullptr)},
        {"source", whole ? "history" : "manifests"},
        {"records", list}};
    print(global.json ? document.dump(1) + "\n" : text);
    return 0;
}

}  // namespace

void add_history(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command =
        app.add_subcommand("history", "what changed a repository, when and by whom; newest first");
    command->add_option("repository", options->repository, "the repository")
        ->required()
        ->type_name("REPOSITORY");
    command->add_option("-n,--number", options->most, "only the newest N records (default: all)")
        ->type_name("N")
        ->check(CLI::PositiveNumber);
    command->footer(console::footer(
        "With -v the packages of each record, too. The chain of the records is checked: damage is exit "
        "status 9. "
        "The history is in private/; to those who may not read that, the public manifests still tell what "
        "changed and when, as long as their generations are kept.",
        {"repotool history stable", "repotool history stable -n 5 -v",
         "repotool history test/change-1234 --json"}));
    command->callback(
        [options, &program] { program.run = [options, &program] { return run(*options, program.global); }; });
}

}  // namespace repotool::cli
