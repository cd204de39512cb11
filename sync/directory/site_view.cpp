// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/directory/site_view.hpp"

#include <string_view>

#include "core/fs/tree.hpp"
#include "sync/directory/mirror_journal.hpp"

namespace repotool::sync {
namespace {

std::string mapped(const std::string& path) {
    const auto below = [&](std::string_view top) {
        return path.substr(std::min(path.size(), top.size() + 1));
    };
    if (path == "public" || path.starts_with("public/")) return below("public");
    if (path == "private" || path.starts_with("private/"))
        return fs::join_path(mirror_layout::kSite, below("private"));
    return path;
}

}  // namespace

std::unique_ptr<fs::File> SiteView::open_read(const std::string& path) {
    return mirror_.open_read(mapped(path));
}
std::unique_ptr<fs::File> SiteView::create(const std::string& path, unsigned mode) {
    return mirror_.create(mapped(path), mode);
}
std::unique_ptr<fs::File> SiteView::open_append(const std::string& path) {
    return mirror_.open_append(mapped(path));
}
void SiteView::rename(const std::string& from, const std::string& to, fs::Replace replace) {
    mirror_.rename(mapped(from), mapped(to), replace);
}
void SiteView::link(const std::string& from, const std::string& to) {
    mirror_.link(mapped(from), mapped(to));
}
void SiteView::symlink(const std::string& target, const std::string& path) {
    mirror_.symlink(target, mapped(path));
}
std::optional<std::string> SiteView::read_link(const std::string& path) {
    return mirror_.read_link(mapped(path));
}
std::optional<fs::Status> SiteView::status(const std::string& path) {
    return mirror_.status(mapped(path));
}
std::vector<std::string> SiteView::list(const std::string& path) {
    return mirror_.list(mapped(path));
}
void SiteView::remove(const std::string& path) {
    mirror_.remove(mapped(path));
}
bool SiteView::make_directory(const std::string& path, unsigned mode) {
    return mirror_.make_directory(mapped(path), mode);
}
void SiteView::sync_directory(const std::string& path) {
    mirror_.sync_directory(mapped(path));
}
std::unique_ptr<fs::Lock> SiteView::try_lock(const std::string& path, fs::LockMode mode) {
    return mirror_.try_lock(mapped(path), mode);
}

}  // namespace repotool::sync
