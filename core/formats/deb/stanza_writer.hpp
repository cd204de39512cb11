// SPDX-License-Identifier: GPL-3.0-or-later
// A package's stanza in a Packages index, as `apt-ftparchive packages` writes it.
#pragma once

#include "core/base/digest.hpp"
#include "core/formats/deb/control_stanza.hpp"
#include "core/formats/model.hpp"

namespace repotool::formats::deb {

// Fields that libapt-pkg knows come first, in its order and spelling; the others follow as the package has
// them. before + path + after is one stanza with the empty line that ends it. A field that is not UTF-8 is
// taken for Latin-1 and converted: apt-ftparchive passes such bytes through, but records travel as JSON here,
// clients show the right letters, and Policy 5.1 wants UTF-8.
IndexText render_stanza(const ControlStanza& control, const base::FileDigests& digests);

}  // namespace repotool::formats::deb
