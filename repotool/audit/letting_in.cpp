// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/audit/letting_in.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "repotool/inspect/chronicle.hpp"

namespace repotool::publisher {
namespace {

std::string key_of(const std::string& format, const std::string& dist, const std::string& component,
                   const std::string& sha256) {
    return base::join({format, dist, component, sha256}, "\n");
}

}  // namespace

LettingIn::LettingIn(fs::Filesystem& filesystem, const std::string& repository) {
    const Chronicle chronicle = read_chronicle(filesystem, repository);
    if (chronicle.source != ChronicleSource::history)
        throw base::Error(base::ErrorKind::storage, "audit", repository, "private/ may not be read",
                          "run as the user that owns the site");
    for (auto record = chronicle.records.rbegin(); record != chronicle.records.rend(); ++record) {
        last_ = std::max(last_, record->generation);
        std::map<unsigned, std::size_t> of_requests;  // → places in causes_
        for (const auto& change : record->changes) {
            if (change.action != "added") continue;
            const auto [place, is_new] = of_requests.try_emplace(change.request, causes_.size());
            if (is_new) causes_.push_back(cause_of(*record, change.request));
            by_file_[key_of(change.format, change.dist, change.component, change.sha256)].push_back(
                place->second);
        }
    }
}

const Cause* LettingIn::find(const std::string& format, const std::string& dist, const std::string& component,
                             const std::string& sha256, std::uint64_t generation) const {
    const auto known = by_file_.find(key_of(format, dist, component, sha256));
    if (known == by_file_.end()) return nullptr;
    const Cause* found = nullptr;
    for (const std::size_t place : known->second) {
        const Cause& cause = causes_[place];
        if (cause.generation > generation) break;
        if (found == nullptr || cause.operation != "rollback") found = &cause;
    }
    return found;
}

}  // namespace repotool::publisher
