// SPDX-License-Identifier: GPL-3.0-or-later
// What the generations in gen/<repository> name, all of them together: whatever is in here is no garbage.
// Reads each package list and each chunk once, however many generations share it.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/store/generation_names.hpp"

namespace repotool::store {

class LiveNames {
public:
    // `leaving`: generations that are looked at as if they were gone.
    LiveNames(fs::Filesystem& filesystem, std::string repository, std::set<std::uint64_t> leaving = {})
        : filesystem_(filesystem), repository_(std::move(repository)), leaving_(std::move(leaving)) {}

    // Reads the generations that came since the last call. Without the repository's lock, what it tells is
    // that of some moment; with it, that of now. Throws base::Error (integrity) where a generation is
    // damaged: then nothing is proven to be garbage.
    void refresh();

    // `path` below public/: a content-named file, any part of a manifest tree or a shared link.
    bool names(const std::string& path) const { return files_.contains(path); }

    // Shows `visit` every record of a package with one of these names in the lists from number `from` on:
    // what came since the caller looked last. Returns the number to give the next time.
    std::size_t visit_packages(const std::set<std::string>& names, std::size_t from,
                               const std::function<void(const Record&)>& visit) const;
    // base::checksum64 of the lines of these packages, and of some others.
    std::unordered_set<std::uint64_t> lines_of(const std::set<std::string>& names) const;
    // The same for every record.
    std::size_t visit_all(std::size_t from, const std::function<void(const Record&)>& visit) const;

private:
    std::set<std::string> chunks_of(const std::set<std::string>& names, std::size_t from) const;
    void add(std::uint64_t generation);
    bool is_there(std::uint64_t generation) const;

    fs::Filesystem& filesystem_;
    std::string repository_;
    std::set<std::uint64_t> leaving_;
    std::set<std::uint64_t> read_;
    std::unordered_set<std::string> files_;
    std::unordered_set<std::string> known_lists_;
    std::vector<std::string> package_lists_;  // in the order in which they were met
};

// The digests of the chunks in which packages of these names are, or would be.
std::vector<std::string> chunks_with_packages(const ChunkList& list, const std::set<std::string>& names);

}  // namespace repotool::store
