// SPDX-License-Identifier: GPL-3.0-or-later
// The rules of a repository for the packages that one request brings to one dist and component.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "repotool/publish/decisions.hpp"
#include "repotool/publish/rules.hpp"

namespace repotool::publisher {

// All packages that a request brings, by format and dist.
struct Brought {
    std::set<std::tuple<formats::Format, std::string, std::string>> keys;
    SharedPackages shared;
};

class DistRules {
public:
    // `candidates`: those of one (format, dist, component), at least one; everything outlives this object.
    DistRules(WorkingSets& sets, const PreparedRequest& request, const RuleContext& context, Brought& brought,
              Decisions& decisions, std::vector<const Candidate*> candidates);

    // Throws base::Error (policy) where a rule refuses.
    void run();

private:
    int compare(const std::string& a, const std::string& b) const;
    unsigned versions_to_keep() const;
    void collect_versions();
    bool is_brought(const store::Record& record) const;
    std::vector<SetName> targets(const Candidate& candidate) const;
    const std::vector<SetName>& view(WorkingSets& sets, const SetName& set);

    void decide(const Candidate& candidate, const SetName& set);
    void put(const Candidate& candidate, const SetName& set);
    bool is_left_out(const Candidate& candidate) const;
    void resolve_conflicts(const Candidate& candidate, const SetName& set);
    [[noreturn]] void refuse_conflict(const Candidate& candidate, const store::Record& published) const;
    void check_downgrade(const Candidate& candidate, const SetName& set);
    void refuse_below(const Candidate& candidate, const store::Record& record,
                      const std::string& where) const;
    void supersede(const SetName& set, const store::Record& record);
    void supersede_other_versions(const Candidate& candidate, const SetName& set);
    void supersede_obsolete(const SetName& set);
    void demand_current_source(const SetName& set, const std::vector<store::Record>& binaries) const;
    void supersede_old(const SetName& set, unsigned keep);
    void drop_old(const SetName& set, const store::Record& record);
    std::string keep_reason() const;

    WorkingSets& sets_;
    const PreparedRequest& request_;
    const RuleContext& context_;
    const RepositoryRules& rules_;
    Brought& brought_;
    Decisions& decisions_;
    std::vector<const Candidate*> candidates_;
    SetName place_;
    // Versions of the request by name, architecture and kind; newest first, those that are equal once.
    std::map<std::tuple<std::string, std::string, formats::PackageKind>, std::vector<std::string>> versions_;
    std::map<std::pair<const WorkingSets*, SetName>, std::vector<SetName>> views_;
};

}  // namespace repotool::publisher
