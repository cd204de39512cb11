// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/answer/run_file.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/digest.hpp"
#include "core/base/text.hpp"
#include "core/fs/external.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_reader.hpp"

namespace repotool::publisher {
namespace {

using nlohmann::ordered_json;

constexpr int kFormat = 1;

RunInput describe(const std::string& path) {
    const auto file = fs::open_external(path);
    return {path, file->status().size, fs::digest_file(*file).sha256};
}

RunInput pinned(InputFile& input) {
    if (input.sha256.empty()) {
        const RunInput found = describe(input.path);
        input.sha256 = found.sha256;
        input.size = found.size;
    }
    return {input.path, input.size, input.sha256};
}

ordered_json parent_json(const store::Manifest* manifest) {
    if (manifest == nullptr || !manifest->parent) return nullptr;
    return {{"generation", manifest->parent->generation}, {"manifest_sha256", manifest->parent->sha256}};
}

}  // namespace

std::vector<RunInput> pin_inputs(Inputs& inputs) {
    std::vector<RunInput> described;
    for (auto& input : inputs.packages) described.push_back(pinned(input));
    for (auto& source : inputs.sources) {
        described.push_back(pinned(source.control));
        for (auto& file : source.files) described.push_back(pinned(file));
    }
    for (const auto& extra : inputs.extras) described.push_back(describe(extra.path));
    for (const auto& update : inputs.updates) described.push_back(describe(update));
    for (const auto& statement : inputs.statements) described.push_back(describe(statement));
    return described;
}

std::vector<RunSource> pin_sources(fs::Filesystem& filesystem, std::vector<std::string>& sources) {
    std::vector<RunSource> described;
    for (auto& source : sources) {
        const auto reader = store::open_generation(filesystem, "public", source);
        source = fmt::format("{}@{}", reader.manifest().repository, reader.manifest().generation);
        described.push_back({source, reader.manifest_sha256()});
    }
    return described;
}

std::string render_run_file(const RunDefinition& definition, const PublishResult& result,
                            const store::Manifest* manifest) {
    ordered_json inputs = ordered_json::array();
    for (const auto& input : definition.inputs)
        inputs.push_back({{"path", input.path}, {"size", input.size}, {"sha256", input.sha256}});
    ordered_json sources = ordered_json::array();
    for (const auto& source : definition.sources)
        sources.push_back({{"reference", source.reference}, {"manifest_sha256", source.manifest_sha256}});
    const ordered_json made{
        {"changed", result.changed},
        {"generation", result.generation},
        {"parent", parent_json(manifest)},
        {"manifest_sha256", result.manifest_sha256},
        {"date", manifest == nullptr ? ordered_json(nullptr) : ordered_json(base::iso8601(manifest->date))}};
    const ordered_json document{
        {"format", kFormat},
        {"tool", {{"name", "repotool"}, {"version", REPOTOOL_VERSION}}},
        {"command", definition.command},
        {"arguments", definition.arguments},
        {"directory", definition.directory},
        {"site", definition.site},
        {"configuration",
         {{"sha256", base::sha256_hex(definition.configuration)}, {"text", definition.configuration}}},
        {"repository", result.repository},
        {"inputs", inputs},
        {"sources", sources},
        {"result", made}};
    return document.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace repotool::publisher
