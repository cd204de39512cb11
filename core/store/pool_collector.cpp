// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/pool_collector.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"
#include "core/store/name_remover.hpp"

namespace repotool::store {

DueFiles due_files(fs::Filesystem& filesystem, const std::string& repository, const RetentionRules& rules,
                   base::UnixSeconds now) {
    DueFiles due;
    std::vector<Waste> waiting;
    for (const auto& waste : list_waste(filesystem, layout::kCondemned, repository))
        (now < waste.superseded + rules.grace_packages ? waiting : due.lists).push_back(waste);
    for (const auto& waste : due.lists) due.files.merge(read_condemned(filesystem, waste));
    if (due.lists.empty()) return due;
    for (const auto& waste : waiting) {
        for (const auto& [path, file] : read_condemned(filesystem, waste)) due.files.erase(path);
    }
    return due;
}

Tally PoolCollector::remove_names(const std::string& repository) {
    Tally removed;
    DueFiles due = due_files(filesystem_, repository, rules_, site_.clock().real_now());
    if (due.lists.empty()) return removed;
    LiveNames live(filesystem_, repository);
    std::size_t looked_at = 0;
    const auto keep_named = [&] {
        live.refresh();
        looked_at = live.visit_packages(package_names(due.files), looked_at, [&](const Record& record) {
            keep_package_files(due.files, repository, record);
        });
    };
    keep_named();  // most of the reading disturbs nobody
    NameRemover remover(filesystem_, repository);
    const auto turn = [&](const TurnTime& time) {
        keep_named();
        while (!due.files.empty() && !time.is_over()) {
            const CondemnedFile file = due.files.begin()->second;
            due.files.erase(due.files.begin());
            if (remove_one(remover, file)) removed.add(file.size);
        }
        remover.prune();
        return !due.files.empty();
    };
    if (!due.files.empty()) in_turns(site_, repository, lock_, turn, [&] { remover.sync(); });
    for (const auto& waste : due.lists) {
        Settled list{fs::join_path(layout::kCondemned, waste.name()), {}};
        for (const auto& [path, file] : read_condemned(filesystem_, waste))
            list.digests.push_back(file.sha256);
        lists_.push_back(std::move(list));
    }
    return removed;
}

bool PoolCollector::remove_one(NameRemover& remover, const CondemnedFile& file) {
    const auto object = filesystem_.status(layout::object(file.sha256));
    const auto name = filesystem_.status("public/" + file.path);
    // A second link of the object, this name or another one, says that links are counted here.
    const bool linked = object && (object->links > 1 || (name && name->inode == object->inode));
    files_.emplace_back(file, linked ? Evidence::linked : Evidence::unknown);
    if (name) remover.remove(file.path);
    return name.has_value();
}

Tally PoolCollector::remove_objects() {
    ObjectCollector objects(site_);
    for (const auto& [file, evidence] : files_) objects.add(file.sha256, file.name, evidence);
    add_orphans(objects);
    const Tally removed = objects.run();
    for (const auto& list : lists_) {
        const bool postponed =
            std::any_of(list.digests.begin(), list.digests.end(),
                        [&](const std::string& digest) { return objects.postponed().contains(digest); });
        if (!postponed) filesystem_.remove(list.path);
    }
    lists_.clear();
    files_.clear();
    return removed;
}

// What transactions kept and did not publish: private/orphans/<transaction>, digests like pins.
void PoolCollector::add_orphans(ObjectCollector& objects) {
    for (const auto& name : filesystem_.list(layout::kOrphans)) {
        Settled list{fs::join_path(layout::kOrphans, name), {}};
        for (const auto& digest : base::split(fs::read_file(filesystem_, list.path), '\n')) {
            if (digest.size() != 64 || digest.find_first_not_of("0123456789abcdef") != std::string::npos)
                continue;  // the last line of somebody who was killed
            objects.add(digest, "", Evidence::unknown);
            list.digests.push_back(digest);
        }
        lists_.push_back(std::move(list));
    }
}

}  // namespace repotool::store
