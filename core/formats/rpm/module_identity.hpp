// SPDX-License-Identifier: GPL-3.0-or-later
// What one document of modules.yaml is about.
#pragma once

#include <string>
#include <string_view>

namespace repotool::formats::rpm {

// The key of Piece for a document: by module, kind, and what tells two of that kind apart (a stream's
// version, context and architecture; an obsoletes' context and time). A document that does not say it plainly
// is known by its digest. Throws base::Error (input) for a document that is none of libmodulemd's.
std::string module_identity(std::string_view document, const std::string& shown_as);

}  // namespace repotool::formats::rpm
