// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/retention.hpp"

#include <algorithm>
#include <set>

#include "core/store/generation_reader.hpp"
#include "core/store/head.hpp"
#include "core/store/history.hpp"
#include "core/store/layout.hpp"
#include "core/store/roster.hpp"
#include "core/store/tags.hpp"

namespace repotool::store {
namespace {

// When each generation from `oldest` on stopped being current, and what the history ends with.
struct Flips {
    std::map<std::uint64_t, base::UnixSeconds> superseded;
    std::uint64_t last = 0;  // the highest that was ever current
    bool ends_expired = false;
};

Flips read_flips(fs::Filesystem& filesystem, const std::string& repository, std::uint64_t oldest) {
    Flips flips;
    std::uint64_t current = 0;
    for (const auto& record : History(filesystem, repository).read_back(oldest)) {
        if (record.operation == "expire") {
            flips.superseded[record.generation] = record.time;
            current = 0;
            flips.ends_expired = true;
        } else if (record.generation > flips.last) {
            // The parent again: an expiry that was cut off before it took the head away ended nothing.
            for (const auto ended : {current, record.parent}) {
                if (ended != 0) flips.superseded[ended] = record.time;
            }
            current = record.generation;
            flips.ends_expired = false;
        }
        flips.last = std::max(flips.last, record.generation);
    }
    return flips;
}

class Judge {
public:
    Judge(fs::Filesystem& filesystem, const std::string& repository, const RetentionRules& rules,
          base::UnixSeconds now)
        : filesystem_(filesystem), repository_(repository), rules_(rules), now_(now) {}

    RepositoryStanding judge() {
        numbers_ = list_generations(filesystem_, "public", repository_);
        standing_.current = make_symlink_head(filesystem_, "public", repository_)->current();
        if (numbers_.empty()) return standing_;
        for (const auto& [name, generation] : list_tags(filesystem_, "public", repository_))
            tagged_.insert(generation);
        flips_ = read_flips(filesystem_, repository_, numbers_.front());
        oldest_of_newest_ = find_oldest_of_newest();
        standing_.expired = !standing_.current && flips_.ends_expired;
        for (std::size_t i = 0; i < numbers_.size(); ++i) {
            Standing one{numbers_[i], Reason::none, superseded(i)};
            one.reason = reason(i, one.superseded);
            standing_.generations.push_back(one);
        }
        return standing_;
    }

private:
    Reason reason(std::size_t index, std::optional<base::UnixSeconds> superseded) const {
        const std::uint64_t number = numbers_[index];
        if (number == standing_.current) return Reason::current;
        if (number > std::max(standing_.current.value_or(0), flips_.last)) return Reason::claimed;
        if (tagged_.contains(number)) return Reason::tagged;
        // A head that is missing without an expiry is damage: nothing goes until somebody has looked.
        if (!standing_.current && !standing_.expired) return Reason::unclear;
        if (standing_.current && number >= oldest_of_newest_) return Reason::newest;
        if (!superseded) return Reason::unclear;
        return now_ < *superseded + rules_.grace_metadata ? Reason::grace : Reason::none;
    }

    // The smallest number among the newest that stay, whatever their age.
    std::uint64_t find_oldest_of_newest() const {
        const auto end = std::upper_bound(numbers_.begin(), numbers_.end(), standing_.current.value_or(0));
        const auto count = std::min<std::size_t>(static_cast<std::size_t>(end - numbers_.begin()),
                                                 std::max(rules_.keep_generations, 1U));
        return count == 0 ? 0 : *(end - static_cast<std::ptrdiff_t>(count));
    }

    // The history's word; where that is lost, the date of the next generation that is still there, which is
    // later at most.
    std::optional<base::UnixSeconds> superseded(std::size_t index) const {
        if (numbers_[index] == standing_.current) return std::nullopt;
        const auto told = flips_.superseded.find(numbers_[index]);
        if (told != flips_.superseded.end()) return told->second;
        if (index + 1 == numbers_.size()) return std::nullopt;
        return GenerationReader(filesystem_, "public", repository_, numbers_[index + 1]).manifest().date;
    }

    fs::Filesystem& filesystem_;
    const std::string& repository_;
    const RetentionRules& rules_;
    const base::UnixSeconds now_;
    std::vector<std::uint64_t> numbers_;
    std::set<std::uint64_t> tagged_;
    std::uint64_t oldest_of_newest_ = 0;
    Flips flips_;
    RepositoryStanding standing_;
};

}  // namespace

const char* reason_name(Reason reason) noexcept {
    switch (reason) {
        case Reason::current:
            return "current";
        case Reason::tagged:
            return "tagged";
        case Reason::newest:
            return "newest";
        case Reason::grace:
            return "grace";
        case Reason::claimed:
            return "claimed";
        case Reason::unclear:
            return "unclear";
        default:
            return "none";
    }
}

RepositoryStanding judge_generations(fs::Filesystem& filesystem, const std::string& repository,
                                     const RetentionRules& rules, base::UnixSeconds now) {
    return Judge(filesystem, repository, rules, now).judge();
}

}  // namespace repotool::store
