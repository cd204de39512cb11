// SPDX-License-Identifier: GPL-3.0-or-later
// Asks the gate of the repository about all that a request brings: updates, repositories and files; private
// to this folder.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "repotool/policy/gate.hpp"
#include "repotool/publish/publish.hpp"
#include "repotool/publish/published.hpp"
#include "repotool/updates/report.hpp"

namespace repotool::publisher {

class Gatekeeper {
public:
    Gatekeeper(const PublishContext& context, const PublishRequest& request);
    ~Gatekeeper();

    // On the packages of the update's builds for this combination.
    Verdict judge(const UpdateReport& update, const CombinationReport& combination);
    // What a repository or a file brings. Packages that the target has already passed before.
    void add(GateSubject subject);
    // Whether RPM metadata is the gate's affair: not where the target has it.
    bool asks_about(const ExtraCandidate& extra);
    // Throws base::Error (policy) with everything that is missing and that no override lets pass.
    void demand();
    // What the history keeps of it: which evidence counted, who overrode what.
    const std::map<std::string, std::string>& meta() const noexcept { return meta_; }

private:
    void forget_published(GateSubject& subject);
    GateSubject subject_of(const UpdateReport& update, const CombinationReport& combination) const;
    bool may_override(const GateReport& report) const;
    void record_override();

    const PublishContext& context_;
    const PublishRequest& request_;
    Gate gate_;
    Published published_;
    std::vector<GateSubject> subjects_;
    GateReport overridden_;
    std::vector<GateSubject> subjects_of_overridden_;
    std::set<std::string> evidence_;
    std::map<std::string, std::string> meta_;
};

}  // namespace repotool::publisher
