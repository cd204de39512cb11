// SPDX-License-Identifier: GPL-3.0-or-later
// Which dependencies of a header become <rpm:entry> elements, and how: the rules of createrepo_c, some of
// which are older than it (they keep primary.xml small for yum) and which solvers rely on by now.
#include <fmt/format.h>
#include <rpm/rpmds.h>
#include <rpm/rpmver.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "core/base/text.hpp"
#include "core/formats/rpm/package_facts.hpp"
#include "core/formats/rpm/refusal.hpp"
#include "core/formats/rpm/xml_text.hpp"

namespace repotool::formats::rpm {
namespace {

// Weak dependencies before rpm 4.12 (SUSE, Mandriva): flags that tell strong hints from weak ones, and
// requires that are only hints. Debian's createrepo_c is built to read them.
constexpr std::uint64_t kLegacyStrong = std::uint64_t{1} << 27U;
constexpr std::uint64_t kMissingOk = std::uint64_t{1} << 19U;

// createrepo_c 0.17.3 knows the first three; 1.1.1 added the transaction scriptlets, which need their
// programs just as much.
constexpr std::uint64_t kBeforeScripts =
    RPMSENSE_PREREQ | RPMSENSE_SCRIPT_PRE | RPMSENSE_SCRIPT_POST | RPMSENSE_PRETRANS | RPMSENSE_POSTTRANS;

// One dependency as the header has it.
struct Raw {
    std::string name;
    std::uint64_t flags = 0;
    std::string version;
};

std::string_view comparison_of(std::uint64_t flags) {
    constexpr std::uint64_t kLess = 2, kGreater = 4, kEqual = 8;
    switch (flags & 0xfU) {
        case kLess:
            return "LT";
        case kGreater:
            return "GT";
        case kEqual:
            return "EQ";
        case kLess | kEqual:
            return "LE";
        case kGreater | kEqual:
            return "GE";
        default:
            return "";
    }
}

// Name, comparison and version as one key; the same key means the same demand.
std::string key_of(const Raw& raw) {
    return fmt::format("{}{}{}", raw.name, comparison_of(raw.flags), raw.version);
}

std::vector<Raw> read_raw(const HeaderReader& header, rpmTagVal name_tag, rpmTagVal flags_tag,
                          rpmTagVal version_tag, const std::string& shown_as) {
    auto names = header.texts(name_tag);
    const auto flags = header.numbers(flags_tag);
    auto versions = header.texts(version_tag);
    const std::size_t count = std::min({names.size(), flags.size(), versions.size()});
    std::vector<Raw> all;
    all.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        if (has_forbidden_characters(names[i]) || has_forbidden_characters(versions[i])) {
            refuse(shown_as,
                   fmt::format("control character in the dependency '{}'", base::printable(names[i])));
        }
        all.push_back({std::move(names[i]), flags[i], std::move(versions[i])});
    }
    return all;
}

// "[epoch:]version[-release]" in three parts; nothing when the epoch is no number, which drops the
// dependency.
std::optional<DependencyEntry> parse(const Raw& raw) {
    DependencyEntry entry;
    entry.name = raw.name;
    entry.comparison = comparison_of(raw.flags);
    if (raw.version.empty()) return entry;
    std::string_view rest = raw.version;
    entry.epoch = "0";
    if (const auto colon = rest.find(':'); colon != std::string_view::npos) {
        const std::string_view epoch = rest.substr(0, colon);
        const bool is_number =
            std::all_of(epoch.begin(), epoch.end(), [](char c) { return c >= '0' && c <= '9'; });
        if (!is_number) return std::nullopt;
        if (!epoch.empty()) entry.epoch = epoch;
        rest.remove_prefix(colon + 1);
    }
    const auto dash = rest.find('-');
    entry.version = rest.substr(0, dash);
    if (dash != std::string_view::npos) entry.release = rest.substr(dash + 1);
    return entry;
}

// How much "libc.so.6(GLIBC_2.34)(64bit)" says, from little to much.
enum class LibcForm { bare, unclosed, no_symbol, no_number, numbered };

struct LibcDemand {
    LibcForm form = LibcForm::bare;
    std::string version;  // of a numbered one: from its first digit to the parenthesis
};

LibcDemand libc_demand(const std::string& name) {
    const auto open = name.find('(');
    if (open == std::string::npos) return {LibcForm::bare, {}};
    const auto close = name.find(')', open);
    if (close == std::string::npos) return {LibcForm::unclosed, {}};
    if (close == open + 1) return {LibcForm::no_symbol, {}};
    const std::string symbol = name.substr(open + 1, close - open - 1);
    const auto digit = symbol.find_first_of("0123456789");
    if (digit == std::string::npos) return {LibcForm::no_number, {}};
    return {LibcForm::numbered, symbol.substr(digit)};
}

// Each binary requires a dozen symbol versions of libc.so.6, and the highest implies the others.
bool is_higher_libc(const DependencyEntry& candidate, const DependencyEntry& best) {
    const LibcDemand ours = libc_demand(candidate.name);
    const LibcDemand theirs = libc_demand(best.name);
    if (ours.form != theirs.form) return ours.form > theirs.form;
    return ours.form == LibcForm::numbered && rpmvercmp(ours.version.c_str(), theirs.version.c_str()) > 0;
}

// Requires, one after the other, of which some are dropped.
class RequiresFilter {
public:
    RequiresFilter(const std::vector<FileFact>& files, const std::vector<Raw>& provides) {
        for (const auto& file : files) {
            if (is_primary_path(file.path)) own_primary_paths_.insert(file.path);
        }
        for (const auto& provide : provides) {
            if (parse(provide)) provided_.insert(key_of(provide));
        }
    }

    void add(const Raw& raw, Dependencies& result) {
        const bool before_scripts = (raw.flags & kBeforeScripts) != 0;
        if (is_implied(raw) || is_repeated(raw, before_scripts)) return;
        auto entry = parse(raw);
        if (!entry) return;
        if ((raw.flags & kMissingOk) != 0) {
            result.recommends.push_back(std::move(*entry));
            return;
        }
        entry->before_scripts = before_scripts;
        if (raw.name.starts_with("libc.so.6")) {
            if (!highest_libc_ || is_higher_libc(*entry, *highest_libc_)) highest_libc_ = std::move(entry);
            return;
        }
        last_[raw.name] = {key_of(raw), before_scripts};
        result.needs.push_back(std::move(*entry));
    }

    // The one libc.so.6 that is kept goes to the end.
    void finish(Dependencies& result) {
        if (highest_libc_) result.needs.push_back(std::move(*highest_libc_));
    }

private:
    struct Seen {
        std::string key;
        bool before_scripts = false;
        bool operator==(const Seen&) const = default;
    };

    // What rpm itself or the package itself fulfils.
    bool is_implied(const Raw& raw) const {
        return raw.name.starts_with("rpmlib(") || own_primary_paths_.contains(raw.name) ||
               provided_.contains(key_of(raw));
    }

    // Only the last one of the same name is compared: `/bin/sh`, `/bin/sh` with pre, `/bin/sh` stay three
    // entries.
    bool is_repeated(const Raw& raw, bool before_scripts) const {
        const auto seen = last_.find(raw.name);
        return seen != last_.end() && seen->second == Seen{key_of(raw), before_scripts};
    }

    std::unordered_set<std::string> own_primary_paths_;
    std::unordered_set<std::string> provided_;
    std::unordered_map<std::string, Seen> last_;
    std::optional<DependencyEntry> highest_libc_;
};

void add_all(const std::vector<Raw>& all, std::vector<DependencyEntry>& result) {
    for (const auto& raw : all) {
        if (auto entry = parse(raw)) result.push_back(std::move(*entry));
    }
}

// A legacy list goes to one of two modern ones, entry by entry.
void add_legacy(const std::vector<Raw>& all, std::vector<DependencyEntry>& strong,
                std::vector<DependencyEntry>& weak) {
    for (const auto& raw : all) {
        if (auto entry = parse(raw))
            ((raw.flags & kLegacyStrong) != 0 ? strong : weak).push_back(std::move(*entry));
    }
}

}  // namespace

Dependencies read_dependencies(const HeaderReader& header, const std::vector<FileFact>& files,
                               const std::string& shown_as) {
    const auto raw = [&](rpmTagVal name, rpmTagVal flags, rpmTagVal version) {
        return read_raw(header, name, flags, version, shown_as);
    };
    Dependencies result;
    const auto provides = raw(RPMTAG_PROVIDENAME, RPMTAG_PROVIDEFLAGS, RPMTAG_PROVIDEVERSION);
    add_all(provides, result.provides);
    add_all(raw(RPMTAG_CONFLICTNAME, RPMTAG_CONFLICTFLAGS, RPMTAG_CONFLICTVERSION), result.conflicts);
    add_all(raw(RPMTAG_OBSOLETENAME, RPMTAG_OBSOLETEFLAGS, RPMTAG_OBSOLETEVERSION), result.obsoletes);

    RequiresFilter filter(files, provides);
    for (const auto& need : raw(RPMTAG_REQUIRENAME, RPMTAG_REQUIREFLAGS, RPMTAG_REQUIREVERSION)) {
        filter.add(need, result);
    }
    filter.finish(result);

    add_all(raw(RPMTAG_SUGGESTNAME, RPMTAG_SUGGESTFLAGS, RPMTAG_SUGGESTVERSION), result.suggests);
    add_all(raw(RPMTAG_ENHANCENAME, RPMTAG_ENHANCEFLAGS, RPMTAG_ENHANCEVERSION), result.enhances);
    add_all(raw(RPMTAG_RECOMMENDNAME, RPMTAG_RECOMMENDFLAGS, RPMTAG_RECOMMENDVERSION), result.recommends);
    add_all(raw(RPMTAG_SUPPLEMENTNAME, RPMTAG_SUPPLEMENTFLAGS, RPMTAG_SUPPLEMENTVERSION), result.supplements);
    add_legacy(raw(RPMTAG_OLDSUGGESTSNAME, RPMTAG_OLDSUGGESTSFLAGS, RPMTAG_OLDSUGGESTSVERSION),
               result.recommends, result.suggests);
    add_legacy(raw(RPMTAG_OLDENHANCESNAME, RPMTAG_OLDENHANCESFLAGS, RPMTAG_OLDENHANCESVERSION),
               result.supplements, result.enhances);
    return result;
}

}  // namespace repotool::formats::rpm
