// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/ingest/refusals.hpp"

namespace repotool::publisher {

void Refusals::add(const std::string& file, const std::string& reason, const std::string& hint) {
    if (!first_) {
        first_.emplace(kind_, "publish", file, reason, hint);
    } else {
        others_.emplace_back(base::Error(kind_, "publish", file, reason).what());
    }
}

void Refusals::throw_if_any() const {
    if (!first_) return;
    base::Error error(*first_);
    error.set_also(others_);
    throw error;
}

}  // namespace repotool::publisher
