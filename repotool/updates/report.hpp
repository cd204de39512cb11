// SPDX-License-Identifier: GPL-3.0-or-later
// What becomes of an update: which packages each build has, where they go, and the verdict on each (release,
// dist) combination. A gate gives the verdicts; without one they are `unchecked`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/formats/model.hpp"
#include "repotool/config/config.hpp"
#include "repotool/updates/update.hpp"

namespace repotool::publisher {

// A package of a build as it came in, before it is signed.
struct BuildPackage {
    formats::Format format = formats::Format::deb;
    std::string name, version, architecture;
    std::string sha256;
    std::string origin;  // input file or repository@generation
    std::string target;  // the dist of the repository that it goes to
};

struct BuildReport {
    Build build;
    std::vector<BuildPackage> packages;
};

enum class VerdictState { unchecked, passed, failed, disabled };
const char* verdict_name(VerdictState state) noexcept;

struct Verdict {
    VerdictState state = VerdictState::unchecked;
    std::string check{};    // that failed; may be empty
    std::string log_url{};  // likewise
    std::string reason{};   // a sentence: why it failed, or why it is disabled
};

struct CombinationReport {
    std::string release, dist;
    Verdict verdict;
};

struct UpdateReport {
    Update update;
    std::vector<BuildReport> builds;              // in the update's order
    std::vector<CombinationReport> combinations;  // of the builds, each once, in their order
};

// Judges one combination of an update, by its packages: passed or failed. What evidence plugs in.
using Judge = std::function<Verdict(const UpdateReport& update, const CombinationReport& combination)>;

// The report on `builds`, with one entry for each combination that they name.
UpdateReport make_report(const Update& update, std::vector<BuildReport> builds);

// Asks `judge` (none: all stay unchecked) about each combination that `disabled:` does not name.
void collate_verdicts(std::vector<UpdateReport>& updates, const Config& config, const Judge& judge);

// Throws base::Error (policy) for the first combination that failed: "cannot promote 'ready/x.yml':
// icehouse/epel-7 failed systest: …, see URL"; the others are in its also().
void demand_verdicts(const std::vector<UpdateReport>& updates, const std::string& operation);

}  // namespace repotool::publisher
