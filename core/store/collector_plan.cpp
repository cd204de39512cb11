// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <map>
#include <set>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/tree.hpp"
#include "core/store/collector.hpp"
#include "core/store/layout.hpp"
#include "core/store/leaving.hpp"
#include "core/store/roster.hpp"
#include "core/store/text_collector.hpp"
#include "core/store/trash_collector.hpp"

namespace repotool::store {
namespace {

class Plan {
public:
    Plan(Site& site, const CollectorSettings& settings)
        : site_(site),
          filesystem_(site.filesystem()),
          rules_(settings.rules),
          now_(site.clock().real_now()) {}

    CollectorReport make() {
        for (const auto& repository : known_repositories(filesystem_)) {
            CollectedRepository one{repository, {}, {}, {}, {}, {}};
            attempt(repository, [&] { plan_repository(one); });
            if (!one.is_empty()) report_.repositories.push_back(std::move(one));
        }
        add_orphans();
        count_objects();
        attempt("texts", [&] {
            for (const auto& [name, size] : unused_texts(filesystem_)) report_.texts.add(size);
        });
        return std::move(report_);
    }

private:
    void attempt(const std::string& object, const std::function<void()>& action) {
        try {
            action();
        } catch (const base::Error& error) {
            if (error.kind() != base::ErrorKind::integrity) throw;
            report_.problems.push_back({error.kind(), object, error.what()});
        }
    }

    void plan_repository(CollectedRepository& one) {
        std::vector<LeavingGeneration> generations;
        std::set<std::uint64_t> leaving;
        for (const auto& waste : due_trash(filesystem_, one.repository, rules_, now_))
            generations.push_back({waste, fs::join_path(layout::kTrash, waste.name())});
        for (const auto& each : judge_generations(filesystem_, one.repository, rules_, now_).generations) {
            if (each.reason != Reason::none) continue;
            leaving.insert(each.generation);
            one.retired.push_back(each.generation);
            generations.push_back({{one.repository, each.generation, *each.superseded},
                                   "public/" + layout::generation(one.repository, each.generation)});
        }
        LiveNames live(filesystem_, one.repository, leaving);
        live.refresh();
        LeavingNames names = gather_leaving(filesystem_, one.repository, generations, live);
        for (const auto& paths : names.metadata) {
            for (const auto& path : paths) {
                if (const auto status = filesystem_.status("public/" + path)) one.metadata.add(status->size);
            }
        }
        for (const auto& waste : list_waste(filesystem_, layout::kCondemned, one.repository))
            names.packages.emplace_back(waste, read_condemned(filesystem_, waste));
        plan_packages(one, names, live);
    }

    void plan_packages(CollectedRepository& one, LeavingNames& names, const LiveNames& live) {
        CondemnedFiles due;
        CondemnedFiles waiting;
        for (auto& [waste, files] : names.packages) {
            const auto end = waste.superseded + rules_.grace_packages;
            if (now_ < end && (!one.next_due || end < *one.next_due)) one.next_due = end;
            (now_ < end ? waiting : due).merge(files);
        }
        for (const auto& [path, file] : waiting) {
            due.erase(path);
            if (filesystem_.status("public/" + path)) one.waiting.add(file.size);
        }
        live.visit_packages(package_names(due), 0,
                            [&](const Record& record) { keep_package_files(due, one.repository, record); });
        for (const auto& [path, file] : due) {
            const auto status = filesystem_.status("public/" + path);
            if (status) one.packages.add(file.size);
            const auto object = filesystem_.status(layout::object(file.sha256));
            if (object) lost_links_[file.sha256] += status && status->inode == object->inode ? 1U : 0U;
        }
    }

    void add_orphans() {
        for (const auto& name : filesystem_.list(layout::kOrphans)) {
            const std::string path = fs::join_path(layout::kOrphans, name);
            for (const auto& digest : base::split(fs::read_file(filesystem_, path), '\n')) {
                if (digest.size() == 64) lost_links_.try_emplace(digest, 0);
            }
        }
    }

    // An object goes with its last published name.
    void count_objects() {
        for (const auto& [sha256, lost] : lost_links_) {
            const auto status = filesystem_.status(layout::object(sha256));
            if (status && status->links - lost == 1) report_.objects.add(status->size);
        }
    }

    Site& site_;
    fs::Filesystem& filesystem_;
    const RetentionRules& rules_;
    const base::UnixSeconds now_;
    CollectorReport report_;
    std::map<std::string, std::uint64_t> lost_links_;  // by object
};

}  // namespace

CollectorReport plan_collection(Site& site, const CollectorSettings& settings) {
    return Plan(site, settings).make();
}

}  // namespace repotool::store
