// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/config/open_site.hpp"

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/fs/external.hpp"

namespace repotool::publisher {
namespace {

constexpr std::uint64_t kConfigLimit = std::uint64_t{1} << 20U;

std::string config_path(const std::string& root) {
    return root + "/repotool.yaml";
}

}  // namespace

bool is_site(const std::string& root) {
    return fs::external_status(config_path(root), fs::FinalSymlink::follow).has_value();
}

OpenSite open_site(const std::string& root) {
    if (!is_site(root)) {
        throw base::Error(base::ErrorKind::usage, "open site", root, "there is no repotool.yaml",
                          "name the site with --site, or make one with: repotool init");
    }
    OpenSite site;
    site.root = fs::absolute_path(root);
    const std::string file = config_path(site.root);
    site.config = parse_config(fs::read_external(file, kConfigLimit), file);
    site.filesystem = fs::open_posix_filesystem(site.root);
    site.site = std::make_unique<store::Site>(*site.filesystem, base::system_clock());
    return site;
}

bool make_site(const std::string& root, const SiteDefaults& defaults) {
    if (is_site(root)) return false;
    const std::string text = default_config_text(defaults);  // names from the command line may be bad
    fs::make_external_directory(root, 0755);
    return fs::write_new_external(config_path(root), text, 0644);
}

OpenSite open_or_make_site(const std::string& root, const SiteDefaults& defaults) {
    const bool is_new = make_site(root, defaults);  // another first publisher may be faster
    OpenSite site = open_site(root);
    site.site->prepare_for_writing();
    site.is_new = is_new;
    return site;
}

}  // namespace repotool::publisher
