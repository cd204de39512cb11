// SPDX-License-Identifier: GPL-3.0-or-later
// Grammars of everything that becomes part of a path (docs/FORMAT.md §1). Nothing builds a path from a name
// that did not pass here (I8).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace repotool::store {

// Each throws base::Error (usage) that quotes the name and says what is allowed.
void check_repository_name(std::string_view name);
void check_dist_name(std::string_view name);
void check_component_name(std::string_view name);
void check_architecture_name(std::string_view name);

// True where a name passes, for names that come from files that we wrote ourselves.
bool is_repository_name(std::string_view name);
bool is_dist_name(std::string_view name);
bool is_component_name(std::string_view name);
bool is_architecture_name(std::string_view name);

// What kind of packages a package set holds, told by its architecture: "source", "udeb-<arch>" (APT: the
// installer's), "<arch>-debug" (RPM: debug packages that the dist keeps apart), everything else is binary.
enum class SetKind { binary, source, udeb, debug };
SetKind set_kind(std::string_view set_architecture);
// The architecture of the machines that a set is for: "udeb-amd64" and "x86_64-debug" without their mark.
std::string machine_architecture(std::string_view set_architecture);

// A relative path of plain components: no empty ones, no `.`, no `..`, no control characters, at most 1024
// bytes.
bool is_safe_path(std::string_view path);

// "42" or nothing else; throws base::Error (usage).
std::uint64_t parse_generation(std::string_view text);

// A name for a generation: `[A-Za-z0-9][A-Za-z0-9._+-]{0,62}`, not all digits.
bool is_tag_name(std::string_view name);
void check_tag_name(std::string_view name);  // throws base::Error (usage)

// `repository[@N]` or `repository@TAG` as people write it; generation 0 where no number is given. Throws
// base::Error (usage).
struct RepositoryReference {
    std::string repository;
    std::uint64_t generation = 0;
    std::string tag{};
};
RepositoryReference parse_reference(std::string_view text);

}  // namespace repotool::store
