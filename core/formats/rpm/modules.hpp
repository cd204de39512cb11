// SPDX-License-Identifier: GPL-3.0-or-later
// modules.yaml: a stream of YAML documents about module streams, their defaults, translations and ends
// (libmodulemd's yaml_specs). Read line by line and not as YAML: what a document says stays its author's
// bytes, and of its identity only the plain form is understood that every tool writes.
#pragma once

#include <string>
#include <string_view>

namespace repotool::formats::rpm {

// See merge_extra. Throws base::Error (input), naming `shown_as`, where a document does not say on a line of
// its own that it is `document: modulemd…`.
std::string merge_modules(std::string_view current, std::string_view incoming, const std::string& shown_as);

}  // namespace repotool::formats::rpm
