// SPDX-License-Identifier: GPL-3.0-or-later
// Real packages for the tests of this folder: built with rpmbuild, bent by hand where rpmbuild would refuse.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/formats/model.hpp"

namespace repotool::formats::rpm::testing {

// A directory of its own, removed with everything in it.
class TemporaryDirectory {
public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    const std::filesystem::path& path() const { return path_; }
    // Writes `bytes` into a new file of that name; returns its path.
    std::string write(const std::string& name, std::string_view bytes) const;

private:
    std::filesystem::path path_;
};

std::string read_file(const std::filesystem::path& path);

// Runs a program that must succeed; returns its standard output.
std::string run(const std::vector<std::string>& arguments, const std::vector<std::string>& environment = {});

// Builds binary and source packages from the text of a spec file and puts them into `directory`. Returns the
// paths of what this call built, sorted.
std::vector<std::string> build_packages(const std::string& spec, const std::filesystem::path& directory);
// The one of `paths` whose name ends so.
std::string path_ending(const std::vector<std::string>& paths, std::string_view ending);

// The smallest package: name hello, version 1.0, release 1, one file; built once per process. Its bytes.
const std::string& hello_package();
const std::string& hello_source_package();

// Where the parts of a package's bytes begin.
struct Ranges {
    std::size_t header = 0;
    std::size_t payload = 0;
};
Ranges ranges_of(std::string_view package);

// Replaces the first `from` of the main header by `to`, which has the same length, and corrects the digests
// that the signature header has of it, so that only the meaning is wrong.
std::string forge(std::string package, std::string_view from, std::string_view to);
// Sets the `index`-th number of an INT32 tag of the main header, digests corrected.
std::string forge_number(std::string package, std::uint32_t tag, std::size_t index, std::uint32_t value);

// The package with one of its tags made unknown, in the signature header or (digests corrected) in the main
// header: as if a builder that knows no such tag had made it.
std::string without_signature_tag(std::string package, std::uint32_t tag);
std::string without_tag(std::string package, std::uint32_t tag);
// The package with one bit of its main header flipped, digests corrected.
std::string with_odd_header(std::string package, std::size_t offset);

// read_package on a file, and on bytes that are written to one first.
Package read(const std::string& path);
Package read_bytes(const std::string& bytes);
// The reason why read_bytes refuses, which must be an input error; empty when it does not refuse.
std::string refusal_of(const std::string& bytes);

}  // namespace repotool::formats::rpm::testing
