// SPDX-License-Identifier: GPL-3.0-or-later
// A package's stanza in a Packages index, as `apt-ftparchive packages` writes it.
#pragma once

#include "core/base/digest.hpp"
#include "core/formats/deb/control_stanza.hpp"
#include "core/formats/model.hpp"

namespace repotool::formats::deb {

// Fields that libapt-pkg knows come first, in its order and spelling; the others follow as the package has
// them. before + path + after is one stanza with the empty line that ends it.
IndexText render_stanza(const ControlStanza& control, const base::FileDigests& digests);

}  // namespace repotool::formats::deb
