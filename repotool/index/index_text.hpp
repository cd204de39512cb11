// SPDX-License-Identifier: GPL-3.0-or-later
// Which indexes a package set has, and what one package adds to each (docs/FORMAT.md §5.3).
#pragma once

#include <string>
#include <vector>

#include "core/formats/model.hpp"
#include "core/store/record.hpp"

namespace repotool::publisher {

// Whether Packages has the synopsis alone, and Translation-en the whole description.
enum class Descriptions { whole, split };

// Names of the indexes of a set, as manifests have them; by its architecture, which tells its kind.
std::vector<std::string> index_names(formats::Format format, const std::string& set_architecture);

// How an index names a package's location: what stands between IndexText::before and ::after. Packages: its
// Filename; Sources: its Directory; primary: its href; empty in the others, which name none.
std::string location_in_index(const std::string& index, const std::string& dist, const store::Record& record);

// The text of one package in `index`; it may be empty.
std::string record_text(const std::string& index, const std::string& dist, const store::Record& record,
                        const formats::Package& package, Descriptions descriptions);

// Text before the first and after the last package; empty for the indexes of APT.
std::string index_header(const std::string& index, std::uint64_t packages);
std::string index_footer(const std::string& index);

}  // namespace repotool::publisher
