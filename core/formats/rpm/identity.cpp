// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/rpm/identity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/base/text.hpp"
#include "core/formats/rpm/refusal.hpp"

namespace repotool::formats::rpm {
namespace {

constexpr std::size_t kMaximumFileName = 255;  // NAME_MAX

bool is_letter_or_digit(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool consists_of(std::string_view text, std::string_view others) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), [others](char c) {
        return is_letter_or_digit(c) || others.find(c) != std::string_view::npos;
    });
}

void demand(bool is_safe, std::string_view field, const std::string& value, const std::string& shown_as) {
    if (is_safe) return;
    if (value.empty()) refuse(shown_as, fmt::format("it has no {}", field));
    constexpr std::size_t kShown = 100;
    refuse(shown_as,
           fmt::format("its {} '{}' is not allowed", field, base::printable(value.substr(0, kShown))));
}

struct SourcePackage {
    std::string name;
    std::string version;
};

// "hello-1.0-1.src.rpm" in name and version-release; nothing for another form, as other builders than rpm
// leave it.
std::optional<SourcePackage> parse_source_rpm(std::string_view text) {
    for (const std::string_view suffix : {".src.rpm", ".nosrc.rpm"}) {
        if (!text.ends_with(suffix)) continue;
        text.remove_suffix(suffix.size());
        const auto release_dash = text.rfind('-');
        if (release_dash == std::string_view::npos || release_dash == 0) return std::nullopt;
        const auto version_dash = text.rfind('-', release_dash - 1);
        if (version_dash == std::string_view::npos) return std::nullopt;
        const std::string_view version = text.substr(version_dash + 1, release_dash - version_dash - 1);
        SourcePackage source{std::string(text.substr(0, version_dash)),
                             std::string(text.substr(version_dash + 1))};
        const bool is_safe = is_safe_name(source.name) && is_safe_version(version) &&
                             is_safe_version(text.substr(release_dash + 1));
        return is_safe ? std::optional(std::move(source)) : std::nullopt;
    }
    return std::nullopt;
}

PackageKind kind_of(const PackageFacts& facts) {
    if (facts.architecture == "src") return PackageKind::source;
    return is_debug_package(facts.name) ? PackageKind::debug : PackageKind::binary;
}

// `src` without sources inside is `nosrc`, in file names too; XML has `src` for both.
std::string own_architecture(const HeaderReader& header, const PackageFacts& facts) {
    const bool leaves_sources_out = header.has(RPMTAG_NOSOURCE) || header.has(RPMTAG_NOPATCH);
    return facts.architecture == "src" && leaves_sources_out ? "nosrc" : facts.architecture;
}

}  // namespace

bool is_safe_name(std::string_view text) noexcept {
    return consists_of(text, "._+-") && (is_letter_or_digit(text.front()) || text.front() == '_');
}

bool is_safe_version(std::string_view text) noexcept {
    return consists_of(text, "._+~^");
}

bool is_safe_architecture(std::string_view text) noexcept {
    return consists_of(text, "_");
}

bool is_debug_package(std::string_view name) noexcept {
    return name.ends_with("-debuginfo") || name.ends_with("-debugsource") ||
           name.find("-debuginfo-common") != std::string_view::npos;
}

void check_identity(const PackageFacts& facts, const std::string& shown_as) {
    demand(is_safe_name(facts.name), "name", facts.name, shown_as);
    demand(is_safe_version(facts.version), "version", facts.version, shown_as);
    demand(is_safe_version(facts.release), "release", facts.release, shown_as);
    demand(is_safe_architecture(facts.architecture), "architecture", facts.architecture, shown_as);
    // Strange source packages occur and harm nobody; one that could be taken for a path has no honest reason.
    const bool is_path = facts.source_rpm.find('/') != std::string::npos || facts.source_rpm.starts_with('.');
    demand(!is_path, "source package", facts.source_rpm, shown_as);
}

void fill_identity(const HeaderReader& header, const PackageFacts& facts, const std::string& shown_as,
                   Package& package) {
    package.format = Format::rpm;
    package.name = facts.name;
    const std::string version = facts.version + "-" + facts.release;
    package.version = facts.epoch == "0" ? version : facts.epoch + ":" + version;
    package.architecture = own_architecture(header, facts);
    package.kind = kind_of(facts);
    package.any_architecture = facts.architecture == "noarch";
    const auto source =
        package.kind == PackageKind::source ? std::nullopt : parse_source_rpm(facts.source_rpm);
    package.source = source ? source->name : facts.name;
    package.source_version = source ? source->version : version;
    package.file_name = fmt::format("{}-{}.{}.rpm", facts.name, version, package.architecture);
    if (package.file_name.size() > kMaximumFileName) {
        refuse(shown_as, fmt::format("its file name would have {} bytes, more than {}",
                                     package.file_name.size(), kMaximumFileName));
    }
}

}  // namespace repotool::formats::rpm
