// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/cli/command.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/fs/external.hpp"
#include "core/fs/tree.hpp"
#include "repotool/answer/result.hpp"

namespace repotool::cli {
namespace {

using base::Error;
using base::ErrorKind;

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

// What a CI server says of the job that runs this: shown to those who wait for a lock, and kept in the
// history.
std::string job_name() {
    for (const char* name : {"BUILD_URL", "BUILD_TAG", "ZUUL_UUID", "GITHUB_RUN_ID", "CI_JOB_URL"}) {
        if (const std::string value = environment(name); !value.empty()) return value;
    }
    return {};
}

}  // namespace

SiteChoice choose_site(const GlobalOptions& global) {
    if (!global.site.empty()) return {fs::absolute_path(global.site), SiteOrigin::option};
    if (const std::string value = environment("REPOTOOL_SITE"); !value.empty())
        return {fs::absolute_path(value), SiteOrigin::environment};
    for (std::string directory = fs::current_directory(); !directory.empty();
         directory = fs::parent_path(directory)) {
        if (publisher::is_site(directory)) return {directory, SiteOrigin::nearest};
    }
    return {fs::absolute_path("site"), SiteOrigin::fallback};
}

std::string find_site(const GlobalOptions& global) {
    return choose_site(global).root;
}

OpenSite open_site(const GlobalOptions& global) {
    return publisher::open_site(find_site(global));
}

OpenSite open_or_make_site(const GlobalOptions& global, const publisher::SiteDefaults& defaults) {
    OpenSite site = publisher::open_or_make_site(find_site(global), defaults);
    if (site.is_new) {
        base::info(
            fmt::format("made a site in {} (APT suite {}, RPM dist {}); its settings are in repotool.yaml",
                        site.root, site.config.dists[0].name, site.config.dists[1].name));
    }
    return site;
}

publisher::PublishContext publish_context(OpenSite& site, const GlobalOptions& global) {
    return {*site.site, site.config, base::parse_duration(global.lock_timeout), job_name()};
}

publisher::PublishContext signing_context(OpenSite& site, const GlobalOptions& global,
                                          const console::SecretOptions& secrets) {
    auto context = publish_context(site, global);
    context.secrets.passphrase = console::read_passphrase(secrets);
    if (!secrets.key_file.empty())
        context.secrets.key_file = std::make_shared<signing::KeyFile>(secrets.key_file);
    return context;
}

std::map<std::string, std::string> parse_meta(const std::vector<std::string>& arguments) {
    std::map<std::string, std::string> meta;
    for (const auto& argument : arguments) {
        const auto equals = argument.find('=');
        if (equals == std::string::npos || equals == 0)
            throw Error(ErrorKind::usage, "use --meta", argument, "expected KEY=VALUE");
        if (argument.starts_with("repotool."))  // gates and expiry rely on them
            throw Error(ErrorKind::usage, "use --meta", argument, "keys that begin with repotool. are its own");
        meta[argument.substr(0, equals)] = argument.substr(equals + 1);
    }
    return meta;
}

void answer(const publisher::PublishResult& result, const publisher::Config& config,
            const GlobalOptions& global, publisher::DryRun dry_run) {
    try {
        if (global.json) {
            print(publisher::render_json(result, config));
        } else if (!global.quiet) {
            print(publisher::render_text(result, config, dry_run));
        }
    } catch (const Error& error) {
        if (dry_run == publisher::DryRun::yes) throw;
        throw Error(error.kind(), "write", error.object(), error.reason(),
                    fmt::format("{}@{} is published all the same; repotool show {} tells what it holds",
                                result.repository, result.generation, result.repository));
    }
}

}  // namespace repotool::cli
