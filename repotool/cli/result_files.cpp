// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/cli/result_files.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/fs/external.hpp"
#include "core/store/generation_reader.hpp"
#include "repotool/answer/junit.hpp"
#include "repotool/answer/result.hpp"

namespace repotool::cli {
namespace {

constexpr std::uint64_t kConfigLimit = std::uint64_t{1} << 20U;

// 0, or the exit status of what went wrong.
int write_one(const std::string& path, const publisher::PublishResult& result,
              const std::function<std::string()>& render) {
    if (path.empty()) return 0;
    try {
        fs::write_external(path, render(), 0644);
        return 0;
    } catch (const base::Error& error) {
        base::warn(
            fmt::format("{}@{} is published, but {}", result.repository, result.generation, error.what()));
        return base::exit_code(error.kind());
    }
}

std::string run_file(const publisher::RunDefinition& definition, const publisher::PublishResult& result,
                     OpenSite& site) {
    if (result.generation == 0) return publisher::render_run_file(definition, result, nullptr);
    const store::GenerationReader reader(*site.filesystem, "public", result.repository, result.generation);
    return publisher::render_run_file(definition, result, &reader.manifest());
}

}  // namespace

void add_result_file_options(CLI::App& command, ResultFiles& files) {
    command.add_option("--env-file", files.env, "write KEY='VALUE' lines for the next job")
        ->type_name("FILE");
    command.add_option("--junit", files.junit, "write what was done, or what failed, as JUnit")
        ->type_name("FILE");
    command.add_option("--run-file", files.run, "write what a replay needs, as JSON")->type_name("FILE");
}

void check_result_files(const ResultFiles& files) {
    for (const auto& path : {files.env, files.junit, files.run}) check_result_file(path);
}

void forget_earlier_results(const ResultFiles& files) {
    for (const auto& path : {files.env, files.junit, files.run}) {
        if (path.empty()) continue;
        const auto status = fs::external_status(path, fs::FinalSymlink::keep);
        if (status && status->kind == fs::Kind::file) fs::remove_external(path);
    }
}

std::optional<publisher::RunDefinition> run_definition(const ResultFiles& files, OpenSite& site,
                                                       const GlobalOptions& global,
                                                       publisher::PublishRequest& request) {
    if (files.run.empty()) return std::nullopt;
    publisher::RunDefinition definition;
    definition.command = request.operation;
    definition.arguments = global.arguments;
    definition.directory = fs::current_directory();
    definition.site = site.root;
    definition.configuration = fs::read_external(site.root + "/repotool.yaml", kConfigLimit);
    definition.inputs = publisher::pin_inputs(request.inputs);
    definition.sources = publisher::pin_sources(*site.filesystem, request.sources);
    return definition;
}

int write_result_files(const ResultFiles& files, const publisher::PublishResult& result, OpenSite& site,
                       const std::string& operation,
                       const std::optional<publisher::RunDefinition>& definition) {
    int status = 0;
    const auto write = [&](const std::string& path, const std::function<std::string()>& render) {
        const int failed = write_one(path, result, render);
        if (status == 0) status = failed;
    };
    write(files.env, [&] { return publisher::render_env(result, site.config); });
    write(files.junit, [&] { return publisher::render_junit(operation, result); });
    if (definition) write(files.run, [&] { return run_file(*definition, result, site); });
    return status;
}

int with_failure_file(const ResultFiles& files, const ChangeDescription& description,
                      const std::function<int()>& change) {
    const std::int64_t began = base::monotonic_ms();
    try {
        return change();
    } catch (const base::Error& error) {
        if (files.junit.empty()) throw;
        try {
            const publisher::FailedPublish failed{description.operation, description.repository,
                                                  description.inputs, base::monotonic_ms() - began};
            fs::write_external(files.junit, publisher::render_junit(failed, error), 0644);
        } catch (const base::Error& second) {
            base::warn(second.what());  // the failure itself is what must be told
        }
        throw;
    }
}

}  // namespace repotool::cli
