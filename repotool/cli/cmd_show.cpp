// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/store/generation_reader.hpp"
#include "repotool/cli/command.hpp"

namespace repotool::cli {
namespace {

using nlohmann::ordered_json;

struct Options {
    std::string reference;
    std::string package;
};

ordered_json package_json(const store::SubManifest& sub_manifest, const store::SetEntry& set,
                          const store::Record& record) {
    return {{"format", sub_manifest.format},
            {"dist", set.dist},
            {"component", set.component},
            {"set", set.architecture},
            {"name", record.name},
            {"version", record.version},
            {"architecture", record.architecture},
            {"sha256", record.sha256},
            {"unsigned_sha256", record.unsigned_sha256.empty() ? record.sha256 : record.unsigned_sha256},
            {"size", record.size},
            {"source", record.source},
            {"source_version", record.source_version},
            {"path", record.path}};
}

std::string package_text(const ordered_json& package, bool details) {
    const auto field = [&](const char* name) { return package.at(name).get<std::string>(); };
    std::string line = fmt::format("{} {} {} {}  ({} {})\n", field("format"), field("name"), field("version"),
                                   field("architecture"), field("dist"), field("set"));
    if (!details) return line;
    line += fmt::format("  source   {} {}\n  size     {}\n  sha256   {}\n", field("source"),
                        field("source_version"), package.at("size").get<std::uint64_t>(), field("sha256"));
    if (field("unsigned_sha256") != field("sha256"))
        line += fmt::format("  unsigned {}\n", field("unsigned_sha256"));
    return line + fmt::format("  path     {}\n", field("path"));
}

int run(const Options& options, const GlobalOptions& global) {
    OpenSite site = open_site(global);
    const auto reader = store::open_generation(*site.filesystem, "public", options.reference);
    const auto& manifest = reader.manifest();
    ordered_json packages = ordered_json::array();
    std::string text;
    for (const auto& sub_manifest : reader.sub_manifests()) {
        for (const auto& set : sub_manifest.sets) {
            reader.for_each_record(set, [&](const store::Record& record) {
                if (!options.package.empty() && record.name != options.package) return;
                const auto package = package_json(sub_manifest, set, record);
                text += package_text(package, !options.package.empty());
                if (global.json) packages.push_back(package);
            });
        }
    }
    if (text.empty() && !options.package.empty()) {
        throw base::Error(
            base::ErrorKind::usage, "show", options.package,
            fmt::format("{}@{} has no package of this name", manifest.repository, manifest.generation),
            fmt::format("repotool show {} lists what it has", manifest.repository));
    }
    const ordered_json document{
        {"ok", true},
        {"repository", manifest.repository},
        {"generation", manifest.generation},
        {"date", base::iso8601(manifest.date)},
        {"parent", manifest.parent ? ordered_json(manifest.parent->generation) : ordered_json(nullptr)},
        {"manifest_sha256", reader.manifest_sha256()},
        {"packages", packages}};
    const std::string head = fmt::format("{}@{}  {}  manifest {}\n", manifest.repository, manifest.generation,
                                         base::iso8601(manifest.date), reader.manifest_sha256());
    print(global.json ? document.dump(1) + "\n" : head + text);
    return 0;
}

}  // namespace

void add_show(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("show", "the packages of a repository, or all about one of them");
    command->add_option("repository", options->reference, "a repository, or repository@N")
        ->required()
        ->type_name("REPOSITORY");
    command->add_option("package", options->package, "a package's name")->type_name("PACKAGE");
    command->footer("Examples:\n  repotool show test/change-1234\n  repotool show stable@41 hello");
    command->callback(
        [options, &program] { program.run = [options, &program] { return run(*options, program.global); }; });
}

}  // namespace repotool::cli
