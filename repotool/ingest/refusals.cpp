// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/ingest/refusals.hpp"

#include <fmt/format.h>

#include "core/base/log.hpp"
#include "core/base/text.hpp"

namespace repotool::publisher {

void Refusals::add(const std::string& file, const std::string& reason, const std::string& hint) {
    if (!first_) {
        first_.emplace(kind_, "publish", file, reason, hint);
    } else {
        base::info(
            fmt::format("also: cannot publish '{}': {}", base::printable(file), base::printable(reason)));
    }
}

void Refusals::throw_if_any() const {
    if (first_) throw base::Error(*first_);
}

}  // namespace repotool::publisher
