// SPDX-License-Identifier: GPL-3.0-or-later
// A site made by hand with the store's render functions: real manifest trees, packages and indexes of plain
// text.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/fs/filesystem.hpp"
#include "core/store/chunks.hpp"
#include "core/store/manifest.hpp"
#include "tests/support/temporary_directory.hpp"

namespace repotool::sync::testing {

// A directory of its own, gone with the object.
class Workspace {
public:
    std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
    // Makes it.
    std::string directory(const std::string& name) const;

private:
    repotool::testing::TemporaryDirectory directory_;
};

// Name → version. Each is one .deb and one .rpm.
using Packages = std::map<std::string, std::string>;

class SmallSite {
public:
    explicit SmallSite(const std::string& directory, std::string repository = "stable");

    // The next generation, current on return. Publishes nothing but what mirrors look at.
    void publish(const Packages& packages);
    // MANIFEST.asc of the current generation.
    void put_signature(const std::string& text);
    void put_key(const std::string& name, const std::string& text);

    fs::Filesystem& filesystem() { return *filesystem_; }  // rooted at the site
    std::uint64_t generation() const { return generation_; }
    std::uint64_t epoch = 1;
    std::uint64_t first_generation = 1;  // of the first publish

private:
    store::SetEntry make_set(const std::string& format, const Packages& packages);
    store::ContentReference put_part(const std::string& text);
    void put(const std::string& path, const std::string& text);

    std::unique_ptr<fs::Filesystem> filesystem_;
    std::string repository_;
    std::uint64_t generation_ = 0;
};

// What is below `path`, names and content; symlinks as "-> target". Without .mirrorsync.
std::map<std::string, std::string> snapshot(const std::string& path);
// The same of .mirrorsync, without locks, history and tickets, which grow with every run.
std::map<std::string, std::string> private_snapshot(const std::string& path);
std::string read_text(const std::string& path);

}  // namespace repotool::sync::testing
