// SPDX-License-Identifier: GPL-3.0-or-later
// createrepo_c as the oracle of what an index says about a package.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace repotool::formats::rpm::testing {

// Runs createrepo_c over `directory`, which makes its repodata/.
void run_createrepo(const std::filesystem::path& directory);
// The one file in repodata/ that ends so.
std::filesystem::path repodata_file(const std::filesystem::path& directory, std::string_view ending);

// CHECKs that all three indexes of the packages in `directory` say what createrepo_c says: equal as canonical
// XML, the location and the file's time aside.
void check_equals_createrepo(const std::filesystem::path& directory);

}  // namespace repotool::formats::rpm::testing
