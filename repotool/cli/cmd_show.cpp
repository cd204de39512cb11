// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/console/help.hpp"
#include "core/store/generation_reader.hpp"
#include "repotool/cli/command.hpp"
#include "repotool/cli/describe.hpp"
#include "repotool/packages/package_json.hpp"
#include "repotool/packages/package_lookup.hpp"

namespace repotool::cli {
namespace {

using nlohmann::ordered_json;
using store::GenerationReader;
using store::Record;
using store::SetEntry;
using store::SubManifest;

struct Options {
    std::string reference;
    std::string package;
};

ordered_json document_of(const SubManifest& sub_manifest, const SetEntry& set, const Record& record) {
    ordered_json package = publisher::package_json(sub_manifest.format, set.dist, record);
    package["component"] = set.component;
    package["set"] = set.architecture;
    package["kind"] = set_kind_name(set);
    package["source"] = record.source;
    package["source_version"] = record.source_version;
    package["path"] = record.path;
    if (record.files.empty()) return package;
    package["files"] = ordered_json::array();  // of a source package, besides the .dsc
    for (const auto& file : record.files)
        package["files"].push_back({{"name", file.name}, {"sha256", file.sha256}, {"size", file.size}});
    return package;
}

std::string line_of(const SubManifest& sub_manifest, const SetEntry& set, const Record& record) {
    return fmt::format("{} {} {} {}  ({} {})\n", sub_manifest.format, record.name, record.version,
                       record.architecture, publisher::place_text(set.dist, set.component), set_text(set));
}

std::string details_of(const Record& record) {
    std::string text = fmt::format("  source   {} {}\n  size     {}\n  sha256   {}\n", record.source,
                                   record.source_version, record.size, record.sha256);
    if (!record.unsigned_sha256.empty() && record.unsigned_sha256 != record.sha256)
        text += fmt::format("  unsigned {}\n", record.unsigned_sha256);
    text += fmt::format("  path     {}\n", record.path);
    for (const auto& file : record.files)
        text += fmt::format("  file     {} {} {}\n", file.sha256, file.size, file.name);
    return text;
}

std::string head_line(const GenerationReader& reader) {
    const auto& manifest = reader.manifest();
    return fmt::format("{}@{}  {}  manifest {}\n", manifest.repository, manifest.generation,
                       base::iso8601(manifest.date), reader.manifest_sha256());
}

void for_each(const GenerationReader& reader, const std::string& package,
              const publisher::PackageVisitor& visit) {
    if (!package.empty()) return publisher::for_each_match(reader, {package}, visit);
    for (const auto& sub_manifest : reader.sub_manifests()) {
        for (const auto& set : sub_manifest.sets)
            reader.for_each_record(set, [&](const Record& record) { visit(sub_manifest, set, record); });
    }
}

[[noreturn]] void not_there(const GenerationReader& reader, const std::string& package) {
    const auto& manifest = reader.manifest();
    const std::string nearest = publisher::nearest_package(reader, package);
    throw base::Error(
        base::ErrorKind::usage, "show", package,
        fmt::format("{}@{} has no package of this name", manifest.repository, manifest.generation),
        nearest.empty() ? fmt::format("repotool show {} lists what it has; repotool why looks everywhere",
                                      manifest.repository)
                        : fmt::format("did you mean '{}'?", nearest));
}

int run(const Options& options, const GlobalOptions& global) {
    OpenSite site = open_site(global);
    const auto reader = store::open_generation(*site.filesystem, "public", options.reference);
    const auto& manifest = reader.manifest();
    ordered_json packages = ordered_json::array();
    std::string text;
    for_each(reader, options.package, [&](const auto& sub_manifest, const auto& set, const auto& record) {
        if (global.json) {
            packages.push_back(document_of(sub_manifest, set, record));
            return;
        }
        text += line_of(sub_manifest, set, record);
        if (!options.package.empty()) text += details_of(record);
    });
    if (text.empty() && packages.empty() && !options.package.empty()) not_there(reader, options.package);
    const ordered_json document{
        {"ok", true},
        {"repository", manifest.repository},
        {"generation", manifest.generation},
        {"date", base::iso8601(manifest.date)},
        {"parent", manifest.parent ? ordered_json(manifest.parent->generation) : ordered_json(nullptr)},
        {"manifest_sha256", reader.manifest_sha256()},
        {"packages", packages}};
    print(global.json ? document.dump(1) + "\n" : head_line(reader) + text);
    return 0;
}

}  // namespace

void add_show(CLI::App& app, Program& program) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("show", "the packages of a repository, or all about one of them");
    command->add_option("repository", options->reference, "a repository, repository@N or repository@TAG")
        ->required()
        ->type_name("REPOSITORY");
    command->add_option("package", options->package, "a package's name, or its SHA-256")
        ->type_name("PACKAGE");
    command->footer(console::footer("", {"repotool show test/change-1234", "repotool show stable@41 hello"}));
    command->callback(
        [options, &program] { program.run = [options, &program] { return run(*options, program.global); }; });
}

}  // namespace repotool::cli
