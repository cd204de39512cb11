// SPDX-License-Identifier: GPL-3.0-or-later
// Makes packages for the tests: real ones with dpkg-deb, and ones that no tool would make, byte by byte.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/digest.hpp"
#include "core/formats/model.hpp"

namespace repotool::formats::deb::testing {

// A directory of this test alone, removed at its end.
class TemporaryDirectory {
public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

void write_file(const std::string& path, std::string_view bytes);
std::string read_file(const std::string& path);
base::FileDigests digests_of(std::string_view bytes);

// Standard output of a program that must end with 0.
std::string output_of(const std::vector<std::string>& arguments, std::string_view input = {});

// A package by `dpkg-deb --build --nocheck`, with more options for dpkg-deb.
void build_with_dpkg(const std::string& path, std::string_view control,
                     const std::vector<std::string>& options = {});

struct ArMember {
    std::string name;
    std::string content;
};
std::string ar_archive(const std::vector<ArMember>& members);

struct TarEntry {
    std::string name;
    std::string content;
    char type = '0';
    std::string prefix = {};  // the first part of a long name, as POSIX has it; GNU has no such thing
};
std::string tar_entry(const TarEntry& entry);
// The entries and two empty blocks.
std::string tar_archive(const std::vector<TarEntry>& entries);

// "gzip", "xz", "zstd" or "none".
std::string compressed(std::string_view bytes, const std::string& tool,
                       const std::vector<std::string>& options = {});

// A .deb with this control.tar, compressed with gzip, and an empty data.tar.
std::string deb_with_control_tar(std::string_view control_tar, const std::string& tool = "gzip");
std::string deb_with_control(std::string_view control, const std::string& tool = "gzip");

// A control file that nobody objects to; `more` are further lines.
std::string good_control(std::string_view more = {});

// Writes `bytes` into a file and reads it as a package that is called "test.deb".
Package read_bytes(const TemporaryDirectory& directory, std::string_view bytes);
// The reason why read_bytes throws an input error, or "accepted"; any other exception passes.
std::string refusal_of(const TemporaryDirectory& directory, std::string_view bytes);

}  // namespace repotool::formats::deb::testing
