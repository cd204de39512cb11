// SPDX-License-Identifier: GPL-3.0-or-later
// A site with its configuration: where every use of this library begins (examples/publish_package.cpp).
// A site is a directory with a repotool.yaml (docs/FORMAT.md §2).
#pragma once

#include <memory>
#include <string>

#include "core/fs/filesystem.hpp"
#include "core/store/site.hpp"
#include "repotool/config/config.hpp"

namespace repotool::publisher {

struct OpenSite {
    std::string root;
    std::unique_ptr<fs::Filesystem> filesystem;
    Config config;
    std::unique_ptr<store::Site> site;
    bool is_new = false;  // open_or_make_site() made it
};

// Whether `root` has a repotool.yaml.
bool is_site(const std::string& root);

// For reading, and for writing after site->prepare_for_writing(). Throws base::Error (usage) where there is
// no site, or where its configuration is wrong.
OpenSite open_site(const std::string& root);

// Writes the repotool.yaml of a new site. False where there is a site already. Throws base::Error (usage) for
// names that a configuration cannot have.
bool make_site(const std::string& root, const SiteDefaults& defaults);

// For publishing: makes a site with these defaults where there is none.
OpenSite open_or_make_site(const std::string& root, const SiteDefaults& defaults);

}  // namespace repotool::publisher
