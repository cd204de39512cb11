// SPDX-License-Identifier: GPL-3.0-or-later
// Who built a package: the statements that the site keeps, and those that come with a request, about the
// digest that it had before it was signed here.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "repotool/policy/builders.hpp"
#include "repotool/policy/statement_store.hpp"

namespace repotool::publisher {

// Of one file.
struct ProvenanceVerdict {
    EnvelopeVerdict envelope;  // that proves it, else the one that came nearest
    std::string reason;        // why nothing does; empty where it is proven
};

class ProvenanceJudge {
public:
    // Throws base::Error (usage) for a builder's key that cannot be read.
    ProvenanceJudge(fs::Filesystem& filesystem, const Config& config);

    // Counts besides what is kept.
    void offer(std::vector<OfferedStatement> statements);
    // `file`: the package as it was given, for what lies beside it; may be empty. Throws base::Error
    // (integrity) where what is kept is damaged.
    ProvenanceVerdict judge(const std::string& sha256, const std::string& file);

private:
    std::string explain_absence(const std::string& sha256, const std::string& file) const;

    StatementStore store_;
    Builders builders_;
    std::vector<OfferedStatement> offered_;
    std::multimap<std::string, std::size_t> by_subject_;  // → places in `offered_`
};

// By each of these digests, what of the statements is about it.
std::map<std::string, std::vector<std::string>> lines_about(const std::vector<OfferedStatement>& offered,
                                                            const std::vector<std::string>& digests);

}  // namespace repotool::publisher
