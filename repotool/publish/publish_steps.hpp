// SPDX-License-Identifier: GPL-3.0-or-later
// What publishing and rolling back share; private to this folder.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/base/log.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/history.hpp"
#include "repotool/index/generation_builder.hpp"
#include "repotool/publish/publish.hpp"

namespace repotool::publisher {

enum class Reused { no, yes };

class StepTimer {
public:
    explicit StepTimer(PublishResult& result)
        : result_(result), start_(base::monotonic_ms()), last_(start_) {}
    void done(const char* name, Reused reused = Reused::no) {
        const std::int64_t now = base::monotonic_ms();
        result_.steps.push_back({name, now - last_, reused == Reused::yes});
        base::step(name, now - last_);
        last_ = now;
        result_.elapsed_ms = now - start_;
    }

private:
    PublishResult& result_;
    std::int64_t start_;
    std::int64_t last_;
};

// Null where the repository has no generation yet.
std::unique_ptr<store::GenerationReader> open_current(fs::Filesystem& filesystem,
                                                      const std::string& repository);

// I12: later than the parent by a second at least, and at most 2 s ahead of the clock. Publishers that come
// faster wait a moment. Throws base::Error (conflict) where the parent's date is further ahead: a clock that
// stepped back.
base::UnixSeconds next_date(base::Clock& clock, const store::GenerationReader* parent,
                            const std::string& repository);

// True where a generation that was dated before may still have that date: it is later than its parent's, not
// ahead of the clock, and half of `valid_until` is left of it.
bool does_date_hold(const PublishContext& context, const store::GenerationReader* parent,
                    base::UnixSeconds date);

// Throws base::Error (usage) where a Release of this date would be over before anybody reads it: an old
// SOURCE_DATE_EPOCH together with `valid_until`.
void demand_valid(const PublishContext& context, const std::string& repository, base::UnixSeconds date,
                  const std::vector<store::SubManifest>& sub_manifests);

// The history record of a flip, without its changes.
store::HistoryRecord flip_record(const PublishContext& context, const std::string& operation,
                                 const StagedGeneration& generation);

}  // namespace repotool::publisher
