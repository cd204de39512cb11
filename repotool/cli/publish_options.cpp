// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/cli/publish_options.hpp"

#include <fmt/format.h>

#include <iostream>
#include <iterator>

#include "core/base/log.hpp"
#include "core/fs/external.hpp"
#include "core/fs/host.hpp"
#include "core/fs/tree.hpp"
#include "core/store/names.hpp"

namespace repotool::cli {
namespace {

std::string make_temporary_site(const publisher::SiteDefaults& defaults) {
    const std::string root = fs::make_temporary_directory("repotool-dry-run");
    publisher::make_site(root, defaults);
    return root;
}

}  // namespace

void add_publish_options(CLI::App& command, PublishOptions& options) {
    command.add_option("--dist", options.dist, "the dist (APT suite or RPM dist) where the packages go");
    command.add_option("--component", options.component, "the APT component where the packages go");
    command.add_option("--apt-suite", options.apt_suite,
                       "APT suite of a site that is made on the way (default: this host's codename)");
    command.add_option("--rpm-dist", options.rpm_dist,
                       "RPM dist of a site that is made on the way (default: el9)");
    command.add_option("--base-url", options.base_url,
                       "where clients will reach public/ of a site that is made on the way");
    command.add_option("--env-file", options.env_file, "write KEY='VALUE' lines for the next job")
        ->type_name("FILE");
    command.add_option("--meta", options.meta, "KEY=VALUE to keep in the history")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
    command.add_flag("-n,--dry-run", options.dry_run, "show exactly what would change, and change nothing");
}

std::string read_standard_input() {
    return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
}

std::string checked_repository(const std::string& name) {
    store::check_repository_name(name);
    return name;
}

PublishSession::PublishSession(const GlobalOptions& global, const PublishOptions& options)
    : global_(global), options_(options) {
    check_result_file(options.env_file);
    const publisher::SiteDefaults defaults{options.apt_suite, options.rpm_dist, options.base_url};
    if (options.dry_run && !publisher::is_site(find_site(global))) {
        temporary_ = make_temporary_site(defaults);
        site_ = publisher::open_site(temporary_);
        site_.site->prepare_for_writing();
    } else {
        site_ = open_or_make_site(global, defaults);
    }
}

PublishSession::~PublishSession() {
    if (temporary_.empty()) return;
    try {
        const auto parent = fs::open_posix_filesystem(fs::parent_path(temporary_));
        fs::remove_tree(*parent, fs::base_name(temporary_));
    } catch (const std::exception& error) {
        base::warn(fmt::format("cannot remove '{}': {}", temporary_, error.what()));
    }
}

publisher::PublishRequest PublishSession::request(const std::string& operation,
                                                  const std::string& repository) const {
    publisher::PublishRequest request;
    request.operation = operation;
    request.repository = repository;
    request.placement = {options_.dist.empty() ? options_.rpm_dist : options_.dist, options_.component};
    if (options_.dist.empty() && site_.config.find_dist(options_.rpm_dist, formats::Format::rpm) == nullptr)
        request.placement.dist.clear();
    request.dry_run = options_.dry_run ? publisher::DryRun::yes : publisher::DryRun::no;
    request.meta = parse_meta(options_.meta);
    return request;
}

int PublishSession::finish(const publisher::PublishRequest& request) {
    const auto context = publish_context(site_, global_);
    const auto result = publisher::publish(context, request);
    return answer(result, site_.config, global_, options_.env_file, request.dry_run);
}

}  // namespace repotool::cli
