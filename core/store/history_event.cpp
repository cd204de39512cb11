// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/history_event.hpp"

#include "core/fs/host.hpp"
#include "core/store/history.hpp"

namespace repotool::store {

void append_event(Site& site, const std::string& repository, const std::string& operation,
                  const std::map<std::string, std::string>& meta, const std::string& job) {
    History history(site.filesystem(), repository);
    history.repair();
    const auto last = history.last();
    if (!last) return;
    HistoryRecord record;
    record.time = site.clock().real_now();
    record.operation = operation;
    record.generation = last->generation;
    record.parent = last->parent;
    record.manifest_sha256 = last->manifest_sha256;
    record.user = fs::user_name();
    record.host = fs::host_name();
    record.job = job;
    record.meta = meta;
    history.append(std::move(record));
}

}  // namespace repotool::store
