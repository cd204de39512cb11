// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/waste.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/store/names.hpp"

namespace repotool::store {

std::string flat_name(std::string_view repository) {
    std::string flat(repository);
    std::replace(flat.begin(), flat.end(), '/', ':');
    return flat;
}

std::string Waste::name() const {
    return fmt::format("{}@{}@{}", flat_name(repository), generation, superseded);
}

std::optional<Waste> parse_waste(std::string_view name) {
    const auto parts = base::split(name, '@');
    if (parts.size() != 3) return std::nullopt;
    Waste waste;
    waste.repository = parts[0];
    std::replace(waste.repository.begin(), waste.repository.end(), ':', '/');
    try {
        waste.generation = parse_generation(parts[1]);
    } catch (const base::Error&) {
        return std::nullopt;
    }
    const char* end = parts[2].data() + parts[2].size();
    const auto [stop, error] = std::from_chars(parts[2].data(), end, waste.superseded);
    const bool good = is_repository_name(waste.repository) && error == std::errc() && stop == end;
    return good ? std::optional(waste) : std::nullopt;
}

std::vector<Waste> list_waste(fs::Filesystem& filesystem, const char* directory,
                              const std::string& repository) {
    std::vector<Waste> found;
    for (const auto& name : filesystem.list(directory)) {
        const auto waste = parse_waste(name);
        if (waste && (repository.empty() || waste->repository == repository)) found.push_back(*waste);
    }
    std::sort(found.begin(), found.end(), [](const Waste& a, const Waste& b) {
        return std::tie(a.repository, a.generation) < std::tie(b.repository, b.generation);
    });
    return found;
}

}  // namespace repotool::store
