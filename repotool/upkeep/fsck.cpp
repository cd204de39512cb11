// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/upkeep/fsck.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/store/layout.hpp"
#include "core/store/recovery.hpp"
#include "core/store/repository_turns.hpp"
#include "core/store/roster.hpp"
#include "repotool/upkeep/private_check.hpp"
#include "repotool/upkeep/purge.hpp"
#include "repotool/upkeep/repository_check.hpp"

namespace repotool::publisher {
namespace {

class SiteCheck {
public:
    SiteCheck(const PublishContext& context, Repair repair)
        : context_(context), repair_(repair), filesystem_(context.site.filesystem()), proof_(filesystem_) {}

    FsckReport run() {
        const auto alone = store::lock_collecting(context_.site, context_.lock_timeout);
        if (repair_ == Repair::yes) recover_all();
        for (const auto& repository : store::known_repositories(filesystem_)) check_repository(repository);
        check_private();
        report_.files = proof_.files();
        return std::move(report_);
    }

private:
    std::unique_ptr<fs::Lock> lock(const std::string& repository) {
        return context_.site.lock_repository(repository, context_.lock_timeout, context_.job);
    }

    void recover_all() {
        const auto done = store::recover_everywhere(context_.site, store::DeadRuns::end,
                                                    context_.lock_timeout, context_.job);
        if (done.removed + done.rolled_back + done.completed > 0)
            report_.findings.push_back(
                {"", store::layout::kTransactions, "a command was killed", RepairState::done});
    }

    void check_repository(const std::string& repository) {
        RepositoryCheck first(context_.site, repository, proof_);
        if (first.run().empty()) return keep_packages(first);
        const auto held = lock(repository);
        if (repair_ == Repair::yes) store::recover(context_.site, repository);
        RepositoryCheck second(context_.site, repository, proof_);
        mend(second.run());
        keep_packages(second);
    }

    void keep_packages(const RepositoryCheck& check) {
        for (const auto& [digest, paths] : check.packages())
            packages_[digest].insert(paths.begin(), paths.end());
    }

    void check_private() {
        PrivateCheck check(context_.site, packages_, proof_);
        mend(check.run());
    }

    void mend(std::vector<MendableFinding> findings) {
        for (auto& [finding, action] : findings) {
            if (repair_ == Repair::yes && action) {
                action();
                finding.repair = RepairState::done;
            }
            const bool is_known =
                std::any_of(report_.findings.begin(), report_.findings.end(), [&](const SiteFinding& known) {
                    return known.path == finding.path && known.problem == finding.problem;
                });
            if (!is_known) report_.findings.push_back(std::move(finding));
        }
    }

    const PublishContext& context_;
    const Repair repair_;
    fs::Filesystem& filesystem_;
    FileProof proof_;
    std::map<std::string, std::set<std::string>> packages_;
    FsckReport report_;
};

}  // namespace

std::uint64_t FsckReport::count(RepairState state) const {
    return static_cast<std::uint64_t>(std::count_if(
        findings.begin(), findings.end(), [&](const auto& finding) { return finding.repair == state; }));
}

FsckReport check_site(const PublishContext& context, Repair repair) {
    if (repair == Repair::yes) finish_purges(context);
    return SiteCheck(context, repair).run();
}

}  // namespace repotool::publisher
