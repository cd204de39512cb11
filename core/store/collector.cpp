// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/collector.hpp"

#include <algorithm>
#include <set>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"
#include "core/store/name_remover.hpp"
#include "core/store/pool_collector.hpp"
#include "core/store/recovery.hpp"
#include "core/store/reserve.hpp"
#include "core/store/roster.hpp"
#include "core/store/text_collector.hpp"
#include "core/store/trash_collector.hpp"

namespace repotool::store {
namespace {

void add(Tally& sum, const Tally& more) {
    sum.files += more.files;
    sum.bytes += more.bytes;
}

class Collector {
public:
    Collector(Site& site, const CollectorSettings& settings)
        : site_(site),
          filesystem_(site.filesystem()),
          settings_(settings),
          pool_(site, settings.rules, settings.lock) {}

    CollectorReport run() {
        const auto alone = lock_collecting(site_, settings_.lock.timeout);
        filesystem_.sync_directory("private");  // that the trash is there is relied on below
        // 1. What needs no writing: space for the rest.
        recover_dead();
        for_each_repository([&](CollectedRepository& one) { remove_due_names(one); });
        remove_objects();
        remove_unused_texts();
        // 2. Generations whose time has come, and what goes with them.
        for_each_repository([&](CollectedRepository& one) {
            TrashCollector trash(site_, one.repository, settings_.rules, settings_.lock);
            one.retired = trash.retire();
            add(one.metadata, trash.empty());
            remove_due_names(one);
        });
        remove_objects();
        // 3. What is left of repositories that have nothing more, and what to tell.
        for_each_repository([&](CollectedRepository& one) {
            remove_directories(one.repository);
            describe_waiting(one);
        });
        keep_reserve(filesystem_);
        std::erase_if(report_.repositories, [](const auto& one) { return one.is_empty(); });
        return std::move(report_);
    }

private:
    // A repository that is busy or damaged does not stop the others.
    void attempt(const std::string& object, const std::function<void()>& action) {
        try {
            action();
        } catch (const base::Error& error) {
            const bool goes_on =
                error.kind() == base::ErrorKind::conflict || error.kind() == base::ErrorKind::integrity;
            if (!goes_on) throw;
            const bool known =
                std::any_of(report_.problems.begin(), report_.problems.end(),
                            [&](const CollectorProblem& problem) { return problem.message == error.what(); });
            if (!known) report_.problems.push_back({error.kind(), object, error.what()});
        }
    }

    void for_each_repository(const std::function<void(CollectedRepository&)>& action) {
        for (const auto& repository : known_repositories(filesystem_)) {
            auto found = std::find_if(report_.repositories.begin(), report_.repositories.end(),
                                      [&](const auto& one) { return one.repository == repository; });
            if (found == report_.repositories.end())
                found = report_.repositories.insert(found, {repository, {}, {}, {}, {}, {}});
            attempt(repository, [&] { action(*found); });
        }
    }

    void recover_dead() {
        RecoveryReport done;
        for (const auto& repository : recover_without_lock(site_, done)) {
            attempt(repository, [&] {
                const auto lock =
                    site_.lock_repository(repository, settings_.lock.timeout, settings_.lock.job);
                with_reserve(filesystem_, [&] {
                    const auto report = recover(site_, repository);
                    done.removed += report.removed + report.rolled_back + report.completed;
                    done.kept = std::max(done.kept, report.kept);  // it looks at all of them
                });
            });
        }
        report_.transactions = done.removed + done.rolled_back + done.completed;
        report_.resumable = done.kept;
    }

    void remove_due_names(CollectedRepository& one) { add(one.packages, pool_.remove_names(one.repository)); }

    void remove_objects() {
        attempt("objects", [&] { add(report_.objects, pool_.remove_objects()); });
    }

    void remove_unused_texts() {
        remove_flat_texts(filesystem_, report_.texts);
        for (const auto& repository : repositories_with_texts(filesystem_))
            attempt(repository, [&] { remove_texts(site_, repository, settings_.lock, report_.texts); });
    }

    // The directories of a repository that expired and has nothing left; its history stays.
    void remove_directories(const std::string& repository) {
        if (filesystem_.status("public/" + layout::head(repository))) return;
        if (!list_generations(filesystem_, "public", repository).empty()) return;
        for (const char* directory : {layout::kTrash, layout::kCondemned}) {
            if (!list_waste(filesystem_, directory, repository).empty()) return;
        }
        in_turns(site_, repository, settings_.lock, [&](const TurnTime&) {
            // gen/ last: by that the next gc finds the others.
            for (const auto& path :
                 {layout::pool(repository), layout::meta(repository), layout::generations(repository)}) {
                if (filesystem_.status("public/" + path)) remove_if_empty(filesystem_, "public/" + path);
            }
            return false;
        });
    }

    void describe_waiting(CollectedRepository& one) {
        CondemnedFiles files;
        for (const auto& waste : list_waste(filesystem_, layout::kCondemned, one.repository)) {
            const auto due = waste.superseded + settings_.rules.grace_packages;
            if (!one.next_due || due < *one.next_due) one.next_due = due;
            files.merge(read_condemned(filesystem_, waste));
        }
        for (const auto& [path, file] : files) {
            if (filesystem_.status("public/" + path)) one.waiting.add(file.size);  // a purge may have it
        }
    }

    Site& site_;
    fs::Filesystem& filesystem_;
    const CollectorSettings& settings_;
    PoolCollector pool_;
    CollectorReport report_;
};

}  // namespace

CollectorReport collect_garbage(Site& site, const CollectorSettings& settings) {
    return Collector(site, settings).run();
}

}  // namespace repotool::store
