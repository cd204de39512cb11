// SPDX-License-Identifier: GPL-3.0-or-later
// What a repository carries besides primary, filelists and other: advisories (updateinfo), package groups
// (group, which is comps.xml), module streams (modules), and types that only their readers know (productid,
// …). Known types are checked, put into one canonical form and merged; others are opaque bytes.
//
// Canonical form: UTF-8, the pieces sorted by their identity, each with the bytes that it came with; comments
// and document types between them go. Canonical text is a fixed point: merge_extra(type, text, {}) == text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace repotool::formats::rpm {

// Bytes of one file of extra metadata once it is unpacked. Checking takes about four times as much memory.
inline constexpr std::uint64_t kMaximumExtra = std::uint64_t{256} << 20U;

// True for a type that repomd.xml may carry besides the packages: [a-z][a-z0-9_-]{0,31}, and none that is
// made from the packages or from another type (primary, other_db, filelists_zck, filelists-ext, group_gz, …).
bool is_extra_type(std::string_view type) noexcept;

// True for the types that merge_extra() joins piece by piece; of others the later text takes the place of the
// earlier one.
bool is_merged_type(std::string_view type) noexcept;

// The name of a file of this type, uncompressed and without digest: updateinfo.xml, comps.xml, modules.yaml;
// of other types the type itself.
std::string canonical_file_name(std::string_view type);

// The type that a file's name tells, compressed or not, with or without a leading digest; nothing for a name
// that tells none.
std::optional<std::string> detect_type(std::string_view file_name);

// The canonical text of the file at `path`, which may be packed with gzip, xz or zstd (told by its first
// bytes). Parses foreign bytes: run it in a worker. Throws base::Error (input), naming `shown_as`, for what
// is not well-formed or no document of that type, and beyond kMaximumExtra.
std::string read_extra(std::string_view type, const std::string& path, const std::string& shown_as);

// Both in one canonical text; an empty one is no metadata. What `incoming` has replaces what has the same
// identity in `current`:
//   updateinfo  an <update> by its <id>
//   group       a group, category or environment by its <id>, a langpack <match> by its name; but a group
//               keeps the packages that only `current` has: changes that each add a package to one group must
//               not undo each other. Taking one out again needs a repository that is made anew.
//   modules     a document by kind, module, stream, version, context and architecture
//   others      the whole text
// Merging the same again changes nothing. Throws base::Error (input) where one text is not what read_extra
// gives.
std::string merge_extra(std::string_view type, std::string_view current, std::string_view incoming);

}  // namespace repotool::formats::rpm
