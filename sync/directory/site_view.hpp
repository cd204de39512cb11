// SPDX-License-Identifier: GPL-3.0-or-later
// A mirror looked at as a site (core/store/site.hpp), so that what looks after sites, gc and purge, looks
// after mirrors as well: `public` is the mirror's root, `private` is `.mirrorsync/.site` in it. It has no
// objects, so published names are all that there is of a package.
#pragma once

#include "core/fs/filesystem.hpp"

namespace repotool::sync {

class SiteView : public fs::Filesystem {
public:
    // `mirror` is rooted at the mirror's root and outlives this object.
    explicit SiteView(fs::Filesystem& mirror) : mirror_(mirror) {}

    std::unique_ptr<fs::File> open_read(const std::string& path) override;
    std::unique_ptr<fs::File> create(const std::string& path, unsigned mode) override;
    std::unique_ptr<fs::File> open_append(const std::string& path) override;
    void rename(const std::string& from, const std::string& to, fs::Replace replace) override;
    void link(const std::string& from, const std::string& to) override;
    void symlink(const std::string& target, const std::string& path) override;
    std::optional<std::string> read_link(const std::string& path) override;
    std::optional<fs::Status> status(const std::string& path) override;
    std::vector<std::string> list(const std::string& path) override;
    void remove(const std::string& path) override;
    bool make_directory(const std::string& path, unsigned mode) override;
    void sync_directory(const std::string& path) override;
    void sync_all() override { mirror_.sync_all(); }
    std::unique_ptr<fs::Lock> try_lock(const std::string& path, fs::LockMode mode) override;
    std::uint64_t free_bytes() override { return mirror_.free_bytes(); }
    std::optional<std::uint64_t> free_inodes() override { return mirror_.free_inodes(); }
    std::string root() const override { return mirror_.root(); }

private:
    fs::Filesystem& mirror_;
};

}  // namespace repotool::sync
