// SPDX-License-Identifier: GPL-3.0-or-later
// Small, pure helpers on text. Nothing here depends on the locale.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace repotool::base {

// `text` with control characters and bytes that are not UTF-8 shown as \xNN, so that a hostile name cannot
// move a terminal's cursor or break a log line.
std::string printable(std::string_view text);

bool is_valid_utf8(std::string_view text) noexcept;

// Parts between separators; an empty text has one empty part.
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view trim(std::string_view text) noexcept;

// Shell-style wildcard match of a whole text: `*`, `?` and `[a-z]`; `/` is an ordinary character.
bool matches_glob(std::string_view pattern, std::string_view text) noexcept;

// The candidate that is nearest to `word` by edit distance, or empty when none is near enough to be meant.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

// `text` in single quotes for a POSIX shell.
std::string shell_quote(std::string_view text);

// "1.2 MiB" and the like, for people.
std::string human_size(std::uint64_t bytes);

// "1 package", "3 packages".
std::string counted(std::size_t count, std::string_view noun);

}  // namespace repotool::base
