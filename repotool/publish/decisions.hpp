// SPDX-License-Identifier: GPL-3.0-or-later
// What became of each package of one request, while the rules are still at it.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "repotool/packages/selection.hpp"
#include "repotool/publish/working_sets.hpp"

namespace repotool::publisher {

// Each package once for a dist and component: what was added in one set and unchanged in another was added.
class Decisions {
public:
    void added(const SetName& set, const store::Record& record, const std::string& origin);
    void unchanged(const SetName& set, const store::Record& record);
    // A package of the request that does not get in; says nothing of one that does in another set.
    void refused(const SetName& set, const store::Record& record, const std::string& origin,
                 const std::string& reason);
    // A package that leaves under its own key, or for another file of the same name and version.
    void left(Action action, const SetName& set, const store::Record& record);
    // A package that was added by this request, after all is not in any set.
    void withdraw(const SetName& set, const store::Record& record, const std::string& reason);

    bool is_added(const SetName& set, const store::Record& record) const;
    bool has_change() const;
    // Sorted by format, dist, key; afterwards there are none here.
    std::vector<Decision> take();

private:
    using Key = std::tuple<formats::Format, std::string, std::string, std::string>;
    static Key key(const SetName& set, const std::string& name);
    std::map<Key, Decision> by_key_;
};

}  // namespace repotool::publisher
