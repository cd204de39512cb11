// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/published.hpp"

#include <utility>

#include "repotool/publish/extra_text.hpp"
#include "repotool/publish/publish_steps.hpp"

namespace repotool::publisher {

Published::Published(fs::Filesystem& filesystem, std::string repository)
    : filesystem_(filesystem), repository_(std::move(repository)) {}

Published::~Published() = default;

WorkingSets& Published::sets() {
    if (!sets_) {
        current_ = open_current(filesystem_, repository_);
        sets_ = std::make_unique<WorkingSets>(current_.get());
    }
    return *sets_;
}

bool Published::has(const ExtraCandidate& extra) {
    bool found = false;
    for (const auto& name : sets().names()) {
        const bool is_its_place = name.format == formats::Format::rpm && name.dist == extra.dist &&
                                  store::set_kind(name.architecture) == store::SetKind::binary;
        if (!is_its_place) continue;
        const auto* entry = sets().entry(name);
        if (entry == nullptr || changes_extra(*current_, *entry, extra)) return false;
        found = true;
    }
    return found;
}

bool Published::has(const TestedPackage& package) {
    const std::string key = store::record_key(package.name, package.version, package.architecture);
    for (const auto& name : sets().names()) {
        if (name.dist != package.dist || formats::format_name(name.format) != package.format) continue;
        const auto record = sets().find(name, key);
        if (record && (record->sha256 == package.identity() || record->unsigned_sha256 == package.identity()))
            return true;
    }
    return false;
}

TestedPackage tested_package(const Candidate& candidate) {
    const store::Record& record = candidate.record;
    return {formats::format_name(candidate.format),
            candidate.dist,
            candidate.component,
            record.name,
            record.version,
            record.architecture,
            record.sha256,
            record.unsigned_sha256};
}

}  // namespace repotool::publisher
