// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/layout.hpp"

#include <fmt/format.h>

#include "core/fs/tree.hpp"
#include "core/store/names.hpp"
#include "core/store/waste.hpp"

namespace repotool::store::layout {

std::string object(std::string_view sha256) {
    return fmt::format("private/objects/sha256/{}/{}", sha256.substr(0, 2), sha256);
}
std::string text_directory(std::string_view repository) {
    return fmt::format("{}/{}", kTexts, flat_name(repository));
}
std::string history_directory(std::string_view repository) {
    return fmt::format("private/history/{}", repository);
}
std::string repository_lock(std::string_view repository) {
    return fmt::format("private/locks/{}.lock", repository);
}

std::string freeze(std::string_view repository) {
    return fmt::format("private/frozen/{}", repository);
}

std::string evidence_directory(std::string_view repository) {
    return fmt::format("{}/{}", kEvidence, repository);
}

std::string head(std::string_view repository) {
    return std::string(repository);
}
std::string head_target(std::string_view repository, std::uint64_t number) {
    return fs::climb(repository) + generation(repository, number);
}
std::string generations(std::string_view repository) {
    return fmt::format("gen/{}", repository);
}
std::string generation(std::string_view repository, std::uint64_t number) {
    return fmt::format("gen/{}/{}", repository, number);
}
std::string pool(std::string_view repository) {
    return fmt::format("pool/{}", repository);
}
std::string meta(std::string_view repository) {
    return fmt::format("meta/{}", repository);
}
std::string tree_part(std::string_view repository, std::string_view sha256) {
    return fmt::format("meta/{}/tree/{}/{}", repository, sha256.substr(0, 2), sha256);
}
std::string apt_index_directory(std::string_view dist, std::string_view component,
                                std::string_view architecture) {
    const std::string directory = fmt::format("dists/{}/{}/", dist, component);
    if (architecture == kTranslations) return directory + kTranslations;
    switch (set_kind(architecture)) {
        case SetKind::source:
            return directory + "source";
        case SetKind::udeb:
            return directory + "debian-installer/binary-" + machine_architecture(architecture);
        default:
            return fmt::format("{}binary-{}", directory, architecture);
    }
}
std::string rpm_directory(std::string_view dist, std::string_view architecture) {
    return fmt::format("rpm/{}/{}", dist, architecture);
}
std::string pin_directory(std::string_view dist, std::string_view architecture) {
    return fmt::format("pin/{}/{}", dist, architecture);
}

std::string compression_suffix(std::string_view compression) {
    return compression == "none" ? std::string() : fmt::format(".{}", compression);
}
std::string rpm_index_name(std::string_view index, std::string_view compression, std::string_view sha256) {
    return fmt::format("{}-{}.xml{}", sha256, index, compression_suffix(compression));
}

}  // namespace repotool::store::layout
