// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/cli/publish_options.hpp"

#include <fmt/format.h>

#include <iostream>
#include <iterator>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/fs/external.hpp"
#include "core/fs/host.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/head.hpp"
#include "core/store/names.hpp"
#include "repotool/policy/subject.hpp"
#include "repotool/publish/promotion.hpp"

namespace repotool::cli {
namespace {

std::string make_temporary_site(const publisher::SiteDefaults& defaults) {
    const std::string root = fs::make_temporary_directory("repotool-dry-run");
    publisher::make_site(root, defaults);
    return root;
}

// Files that stayed where they were. 0, or the exit status of what the disk did.
int tell_moves(const publisher::PublishResult& result) {
    const auto& moves = result.moves;
    const std::string name = fmt::format("{}@{}", result.repository, result.generation);
    if (!moves.left.empty()) {
        base::warn(fmt::format("{} is published, and {} stayed: '{}': {}", name,
                               base::counted(moves.left.size(), "file"), base::printable(moves.left[0].path),
                               moves.left[0].reason));
    }
    if (!moves.failure) return 0;
    base::warn(
        fmt::format("{} is published, but not all of its files were moved: {}; the next promote moves them",
                    name, moves.failure->what()));
    return base::exit_code(moves.failure->kind());
}

}  // namespace

void add_change_options(CLI::App& command, PublishOptions& options) {
    add_result_file_options(command, options.files);
    console::add_secret_options(command, options.secrets);
    command.add_option("--meta", options.meta, "KEY=VALUE to keep in the history")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
    command.add_flag(
        "--allow-release-info-change", options.allow_release_info_change,
        "publish although every apt client will ask its user to accept a new Origin, Label or Codename");
    command.add_flag("-n,--dry-run", options.dry_run, "show exactly what would change, and change nothing");
}

void add_publish_options(CLI::App& command, PublishOptions& options) {
    command.add_option("--dist", options.dist, "the dist (APT suite or RPM dist) where the packages go");
    command.add_option("--component", options.component, "the APT component where the packages go");
    command.add_flag("--allow-downgrade", options.allow_downgrade,
                     "accept versions that are lower than what is published");
    command
        .add_option("--keep", options.keep, "keep this many versions of each package that is published now")
        ->type_name("N")
        ->check(CLI::PositiveNumber);
    command
        .add_option("--expire", options.expire,
                    "repotool expire takes the repository this long after its last change")
        ->type_name("DURATION");
    command
        .add_option("--base", options.base,
                    "repository[@N] that the packages were built against, for the records")
        ->type_name("REPOSITORY");
    command
        .add_option("--override-with", options.override_key,
                    "let pass what the gate misses, signed by this key, which the gate names among its "
                    "overrides; the history shows it for ever")
        ->type_name("KEY");
    command.add_option("--reason", options.override_reason, "why, for --override-with")->type_name("TEXT");
    command.add_flag(
        "--adopt", options.adopt,
        "hard-link the input files instead of copying: they must be yours, become read-only (0444) and are "
        "never changed again");
    command
        .add_option("--repodata", options.repodata, "RPM metadata to pass through, such as productid=FILE")
        ->type_name("TYPE=FILE")
        ->allow_extra_args(false);
    command.add_option("--apt-suite", options.apt_suite,
                       "APT suite of a site that is made on the way (default: this host's codename)");
    command.add_option("--rpm-dist", options.rpm_dist,
                       "RPM dist of a site that is made on the way (default: el9)");
    command.add_option("--base-url", options.base_url,
                       "where clients will reach public/ of a site that is made on the way");
    add_change_options(command, options);
}

std::string read_standard_input() {
    return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
}

bool is_repository(OpenSite& site, const std::string& reference) {
    const std::string name = reference.substr(0, reference.find('@'));
    return store::is_repository_name(name) &&
           store::make_symlink_head(*site.filesystem, "public", name)->current().has_value();
}

std::string checked_repository(const std::string& name) {
    store::check_repository_name(name);
    return name;
}

PublishSession::PublishSession(const GlobalOptions& global, const PublishOptions& options, MakeSite make_site)
    : global_(global), options_(options) {
    check_result_files(options.files);
    if (!options.dry_run) forget_earlier_results(options.files);
    const publisher::SiteDefaults defaults{options.apt_suite, options.rpm_dist, options.base_url};
    if (make_site == MakeSite::no) {
        site_ = open_site(global);
        site_.site->prepare_for_writing();
    } else if (options.dry_run && !publisher::is_site(find_site(global))) {
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
    if (!options_.expire.empty()) {
        base::parse_duration(options_.expire);
        request.meta["repotool.expire"] = options_.expire;
    }
    if (!options_.base.empty()) {
        const auto base = store::open_generation(*site_.filesystem, "public", options_.base).manifest();
        request.meta[publisher::kBaseMeta] = fmt::format("{}@{}", base.repository, base.generation);
    }
    request.rules.keep_versions = options_.keep;
    request.rules.allow_downgrade = options_.allow_downgrade;
    request.rules.allow_release_info_change = options_.allow_release_info_change;
    if (options_.override_key.empty() != options_.override_reason.empty())
        throw base::Error(base::ErrorKind::usage, "override", "gate",
                          "--override-with and --reason are given together");
    request.override_key = options_.override_key;
    request.override_reason = options_.override_reason;
    request.adopt = options_.adopt ? publisher::Adopt::yes : publisher::Adopt::no;
    return request;
}

std::string PublishSession::upload_dist() const {
    const bool is_suite = site_.config.find_dist(options_.dist, formats::Format::deb) != nullptr;
    return is_suite ? options_.dist : std::string();
}

void PublishSession::add_repodata(publisher::Inputs& inputs) const {
    for (const auto& argument : options_.repodata) {
        const auto equals = argument.find('=');
        if (equals == std::string::npos || equals == 0 || equals + 1 == argument.size())
            throw base::Error(base::ErrorKind::usage, "use --repodata", argument, "expected TYPE=FILE");
        inputs.extras.push_back({argument.substr(0, equals), argument.substr(equals + 1)});
    }
}

void PublishSession::take_inputs(publisher::PublishRequest& request, publisher::InputArguments arguments) {
    auto found = publisher::find_inputs(
        std::move(arguments), [&](const std::string& reference) { return is_repository(site_, reference); });
    request.inputs = std::move(found.inputs);
    request.updates = std::move(found.updates);
    add_repodata(request.inputs);
    if (request.updates.empty()) return;
    std::vector<std::string> names;
    for (const auto& update : request.updates) names.push_back(fs::base_name(update.update.file));
    request.meta["repotool.updates"] = base::join(names, " ");
}

int PublishSession::finish(publisher::PublishRequest request, const publisher::Promotion& promotion) {
    const auto context = signing_context(site_, global_, options_.secrets);
    const bool is_real = request.dry_run == publisher::DryRun::no;
    const auto definition = is_real ? run_definition(options_.files, site_, global_, request) : std::nullopt;
    const std::string operation = request.operation;
    const auto result = publisher::promote(context, std::move(request), promotion);
    const int status = is_real ? write_result_files(options_.files, result, site_, operation, definition) : 0;
    answer(result, site_.config, global_, is_real ? publisher::DryRun::no : publisher::DryRun::yes);
    return status != 0 ? status : tell_moves(result);
}

}  // namespace repotool::cli
