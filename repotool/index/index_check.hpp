// SPDX-License-Identifier: GPL-3.0-or-later
// Compares what a client reads in an index with the records that it must name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/store/record.hpp"

namespace repotool::publisher {

// `text`: the part of index `name` (Packages, Sources, Translation-en, primary, filelists, other) that
// belongs to `records`, unpacked. Read with libapt-pkg or expat. Throws base::Error (integrity) that names
// the first difference.
void check_index_text(const std::string& name, const std::string& dist, std::string_view text,
                      const std::vector<store::Record>& records);

}  // namespace repotool::publisher
