// SPDX-License-Identifier: GPL-3.0-or-later
// The gate of a repository: which checks the packages that come in must have passed, by whose word, how
// lately. It never guesses: what is not proven is missing.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/fs/filesystem.hpp"
#include "repotool/config/config.hpp"
#include "repotool/policy/evidence.hpp"

namespace repotool::publisher {

// What wants to get in.
struct GateSubject {
    std::string shown;                         // "test/change-1234@3", or the path of a file
    std::optional<GenerationName> generation;  // empty: files, known by their digests alone
    std::vector<TestedPackage> packages;
    std::vector<std::string> require{};  // checks besides those of the gate
    // Dists for which it brings RPM metadata (updateinfo, comps …) that the target does not have. A tested
    // generation has it by its manifest; in files nothing speaks for it.
    std::set<std::string> metadata{};
};

// One thing that is missing, as a sentence.
struct GateFinding {
    std::string subject;  // GateSubject::shown
    std::string check;    // empty: it is about the packages themselves
    std::string dist;     // empty: all of the subject's
    std::string sentence;
    std::string log_url;  // of the check's run; may be empty
    bool may_be_overridden = true;
};

struct GateReport {
    std::vector<GateFinding> findings;  // none: it may pass
    std::vector<std::string> evidence;  // SHA-256 of the records that let it pass, sorted
};

// "test/change-1@3: check 'install' failed, see https://…"
std::string describe(const GateFinding& finding);

class Gate {
public:
    // Of `target`, now. The evidence of the site is read once, without a lock, when it is first asked for.
    Gate(fs::Filesystem& filesystem, const Config& config, const std::string& target, base::UnixSeconds now);
    ~Gate();
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    // Whether the gate or the subject asks for any check.
    bool asks(const GateSubject& subject) const;
    // Throws base::Error (integrity) where a log is damaged.
    GateReport judge(const std::vector<GateSubject>& subjects);

private:
    class Judge;
    std::unique_ptr<Judge> judge_;
};

// Throws base::Error (policy): every finding, the first one as its reason.
[[noreturn]] void refuse(const std::string& verb, const std::string& target, const GateReport& report);

}  // namespace repotool::publisher
