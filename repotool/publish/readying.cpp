// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/readying.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/external.hpp"
#include "core/fs/tree.hpp"
#include "repotool/ingest/identities.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;

// One update with its own files.
struct Found {
    FoundInputs inputs;
    ReadyUpdate outcome;
};

std::string common_directory(const std::string& a, const std::string& b) {
    std::string common = a;
    while (common != "/" && b != common && !b.starts_with(common + "/")) common = fs::parent_path(common);
    return common.empty() ? "/" : common;
}

Config without_gates(Config config) {
    for (auto& [name, settings] : config.repositories) {
        settings.gate = {};
        settings.require_provenance = false;
    }
    return config;
}

class Readying {
public:
    Readying(const PublishContext& context, const ReadyRequest& request, const IsRepository& is_repository)
        : context_(context),
          request_(request),
          is_repository_(is_repository),
          ungated_(without_gates(context.config)) {
        if (fs::external_status(request.to, fs::FinalSymlink::follow) == std::nullopt &&
            request.dry_run == DryRun::no)
            fs::make_external_directory(request.to, 0777);
        from_ = fs::absolute_path(request.from);
        to_ = fs::absolute_path(request.to);
        if (from_ == to_ || to_.starts_with(from_ + "/") || from_.starts_with(to_ + "/"))
            throw Error(ErrorKind::usage, "move updates to", request.to,
                        "it is not a directory beside the first");
        root_path_ = common_directory(from_, to_);
        root_ = fs::open_posix_filesystem(root_path_);
    }

    std::vector<ReadyUpdate> run() {
        find();
        for (auto& found : updates_) {  // all of them before the first file moves
            if (found.outcome.reason.empty())
                found.outcome.reason = objection([&] { publish(context_, dry_promote(found)); });
        }
        std::vector<ReadyUpdate> outcomes;
        for (auto& found : updates_) {
            if (found.outcome.reason.empty()) move(found);
            outcomes.push_back(std::move(found.outcome));
        }
        return outcomes;
    }

private:
    void find() {
        InputArguments arguments{{request_.from}, {}, {}, ""};
        arguments.may_be_promoted = true;
        for (const auto& update : find_inputs(std::move(arguments), is_repository_).updates) {
            Found found;
            found.inputs = find_inputs({{update.update.file}, {}, {}, ""}, is_repository_);
            found.outcome.update = below(from_, fs::absolute_path(update.update.file));
            found.outcome.reason = plan(found);
            for (const auto& file : found.outcome.files) ++users_[file];
            updates_.push_back(std::move(found));
        }
    }

    // Without gates: which files are its packages. Why there is no telling; empty where there is.
    std::string plan(Found& found) const {
        PublishRequest request = dry_promote(found);
        for (auto& update : request.updates) update.update.require.clear();
        PublishResult planned;
        const PublishContext ungated{context_.site, ungated_, context_.lock_timeout, context_.job};
        const std::string reason = objection([&] { planned = publish(ungated, request); });
        std::set<std::string> wanted;
        Identities identities;
        for (const auto& report : planned.updates) {
            for (const auto& build : report.builds) {
                for (const auto& package : build.packages) wanted.insert(identities.of(package.origin));
            }
        }
        for (const auto& source : found.inputs.inputs.sources) {
            if (!wanted.contains(identities.of(source.control.path))) continue;
            for (const auto& file : source.files) wanted.insert(identities.of(file.path));
        }
        add_statements(found, identities, wanted);
        for (const auto& path : wanted) {
            if (path.starts_with(from_ + "/")) found.outcome.files.push_back(below(from_, path));
        }
        return reason;
    }

    // Those about its packages alone, and those of files that may be about any.
    static void add_statements(const Found& found, Identities& identities, std::set<std::string>& wanted) {
        std::set<std::string> others;
        for (const auto& package : found.inputs.inputs.packages) others.insert(identities.of(package.path));
        for (const auto& source : found.inputs.inputs.sources)
            others.insert(identities.of(source.control.path));
        std::erase_if(others, [&](const std::string& path) { return wanted.contains(path); });
        for (const auto& statement : found.inputs.inputs.statements) {
            const std::string path = identities.of(statement);
            const bool is_about_another = std::any_of(others.begin(), others.end(), [&](const auto& other) {
                return path.starts_with(other + ".");
            });
            if (!is_about_another) wanted.insert(path);
        }
    }

    PublishRequest dry_promote(const Found& found) const {
        PublishRequest request;
        request.operation = "promote";
        request.repository = request_.target;
        request.inputs = found.inputs.inputs;
        request.updates = found.inputs.updates;
        request.may_bring_nothing = true;
        request.dry_run = DryRun::yes;
        return request;
    }

    // Why `attempt` fails, where that is about the update; empty where it does not fail.
    static std::string objection(const std::function<void()>& attempt) {
        try {
            attempt();
            return {};
        } catch (const Error& error) {
            const bool is_about_it = error.kind() == ErrorKind::policy || error.kind() == ErrorKind::input;
            if (!is_about_it) throw;
            return error.reason();
        }
    }

    void move(Found& found) {
        ReadyUpdate& outcome = found.outcome;
        if (auto taken = name_that_is_taken(outcome); !taken.empty()) {
            outcome.reason =
                fmt::format("{} is there already, with other content", fs::join_path(request_.to, taken));
            return;
        }
        outcome.to = outcome.update;
        if (request_.dry_run == DryRun::yes) return;
        for (const auto& file : outcome.files) bring(file);
        bring(outcome.update);
        take_away(outcome.update);
        for (const auto& file : outcome.files) {
            if (--users_.at(file) == 0) take_away(file);
        }
    }

    std::string name_that_is_taken(const ReadyUpdate& outcome) const {
        std::vector<std::string> files = outcome.files;
        files.push_back(outcome.update);
        const auto found = std::find_if(files.begin(), files.end(), [&](const std::string& file) {
            return root_->status(in_to(file)) && !is_same(file);
        });
        return found == files.end() ? "" : *found;
    }

    bool is_same(const std::string& file) const {
        return fs::digest_file(*root_->open_read(in_from(file))).sha256 ==
               fs::digest_file(*root_->open_read(in_to(file))).sha256;
    }

    // Durable on return.
    void bring(const std::string& file) {
        const std::string to = in_to(file);
        const auto mode = fs::external_status(to_, fs::FinalSymlink::follow)->mode & 0777U;
        for (const auto& changed : fs::make_directories(*root_, fs::parent_path(to), mode))
            root_->sync_directory(changed);
        if (!root_->status(to)) {
            try {
                root_->link(in_from(file), to);
            } catch (const base::SystemError& error) {
                if (error.error_number() != EXDEV && error.error_number() != EPERM) throw;
                copy(in_from(file), to);
            }
        }
        root_->sync_directory(fs::parent_path(to));
    }

    void copy(const std::string& from, const std::string& to) {
        const std::string partial = to + ".partial";
        fs::copy_durably(*root_, from, partial);
        root_->rename(partial, to, fs::Replace::no);
    }

    void take_away(const std::string& file) {
        root_->remove(in_from(file));
        root_->sync_directory(fs::parent_path(in_from(file)));
    }

    static std::string below(const std::string& directory, const std::string& path) {
        return path.starts_with(directory + "/") ? path.substr(directory.size() + 1) : path;
    }
    std::string in_root(const std::string& directory) const {
        if (directory == root_path_) return {};
        return directory.substr(root_path_ == "/" ? 1 : root_path_.size() + 1);
    }
    std::string in_from(const std::string& file) const { return fs::join_path(in_root(from_), file); }
    std::string in_to(const std::string& file) const { return fs::join_path(in_root(to_), file); }

    const PublishContext& context_;
    const ReadyRequest& request_;
    const IsRepository& is_repository_;
    const Config ungated_;
    std::string from_, to_, root_path_;  // absolute
    std::unique_ptr<fs::Filesystem> root_;
    std::vector<Found> updates_;
    std::map<std::string, int> users_;  // updates that still need a file
};

}  // namespace

std::vector<ReadyUpdate> make_ready(const PublishContext& context, const ReadyRequest& request,
                                    const IsRepository& is_repository) {
    return Readying(context, request, is_repository).run();
}

std::string only_gated_repository(const Config& config) {
    std::string found;
    for (const auto& [name, settings] : config.repositories) {
        if (settings.gate.checks.empty()) continue;
        if (!found.empty() || name.find_first_of("*?[") != std::string::npos)
            throw Error(ErrorKind::usage, "use gate of", name, "more than one repository has a gate",
                        "say which: --target REPOSITORY");
        found = name;
    }
    if (!found.empty()) return found;
    throw Error(ErrorKind::usage, "use", "gate", "no repository has one",
                "give one a gate in repotool.yaml, or say where the updates shall go: --target REPOSITORY");
}

}  // namespace repotool::publisher
