// SPDX-License-Identifier: GPL-3.0-or-later
// What `require_provenance` asks of a request: for each package that comes in, a statement of a builder that
// counts. Statements that come with packages are kept whatever the repository asks.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "repotool/policy/gate.hpp"
#include "repotool/policy/provenance.hpp"
#include "repotool/publish/publish.hpp"

namespace repotool::publisher {

class ProvenanceDemand {
public:
    ProvenanceDemand(const PublishContext& context, const PublishRequest& request)
        : context_(context), request_(request) {}

    // Throws base::Error (input) for statement files that are broken. Before any thread starts.
    void take_statements();
    // Throws base::Error (policy) for the first package by nobody's word; all such are in its also(). Nothing
    // lets them pass.
    void demand(const std::vector<Candidate>& candidates);
    // What is about these packages; durable on return. Nothing in a dry run.
    void keep_statements(const std::vector<Candidate>& candidates);
    // What signing will change in these RPM packages, where the site has builders; durable on return. So
    // audit can prove which file the signed one was made of.
    void keep_fronts(const std::vector<Candidate*>& candidates);
    // What the history keeps of it.
    const std::map<std::string, std::string>& meta() const noexcept { return meta_; }

private:
    const PublishContext& context_;
    const PublishRequest& request_;
    std::vector<OfferedStatement> offered_;
    std::map<std::string, std::string> meta_;
};

// What of the subject would come into `target` by nobody's word; nothing where that asks for no provenance,
// and of what it has already.
std::vector<GateFinding> missing_provenance(fs::Filesystem& filesystem, const Config& config,
                                            const std::string& target, const GateSubject& subject);

}  // namespace repotool::publisher
