// SPDX-License-Identifier: GPL-3.0-or-later
// What both formats share: a package as the publisher sees it, with the text that it adds to each index.
// Readers fill it in a worker process; the store keeps it as JSON, by the digest of the package file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace repotool::formats {

enum class Format { deb, rpm };

// "deb" or "rpm", and back. parse_format throws base::Error (input).
const char* format_name(Format format) noexcept;
Format parse_format(std::string_view name);

// Which kind of package set of its dist a package belongs to.
enum class PackageKind {
    binary,
    source,  // .dsc with its files; source RPM
    udeb,    // for the Debian installer: an index of its own
    debug,   // debug symbols (deb: Auto-Built-Package: debug-symbols; rpm: *-debuginfo, *-debugsource)
};
const char* kind_name(PackageKind kind) noexcept;
// Throws base::Error (integrity).
PackageKind parse_kind(std::string_view name);

// A file that belongs to a source package besides the .dsc.
struct PackageFile {
    std::string name;  // base name
    std::uint64_t size = 0;
    std::string sha256;
};

// The text of one package in one index. Where the index names the package's location, it goes between the two
// parts: the same text serves every repository, whatever path the package gets there.
struct IndexText {
    std::string before;
    std::string after;
};

struct Package {
    Format format = Format::deb;
    std::string name;
    std::string version;  // deb: Version; rpm: [epoch:]version-release, the epoch left out when absent or 0
    std::string architecture;  // deb: Architecture; rpm: arch, "src" or "nosrc" for source packages
    std::string source;  // deb: name of the source package; rpm: name of the source package, own name if src
    std::string
        source_version;      // deb: version of the source package; rpm: version-release of the source package
    std::string file_name;   // canonical base name: hello_1.0-1_amd64.deb (no epoch), hello-1.0-1.x86_64.rpm
    std::uint64_t size = 0;  // bytes of the whole file
    std::string sha256;      // of the whole file
    // Identity of the content that signing does not change. deb: the file's SHA-256; rpm: SHA-256 over the
    // main header's SHA-256 and the payload's digest.
    std::string content_id;
    PackageKind kind = PackageKind::binary;
    bool any_architecture = false;  // deb "all", rpm "noarch": belongs into every architecture of its dist
    // .dsc: the other files of the source package, sorted by name; `sha256` and `size`
    // above are those of the .dsc itself.
    std::vector<PackageFile> files;
    // `before` + location + `after`, by the name of the index:
    // deb: "Packages" (location: Filename), or "Sources" (location: Directory); where the site keeps
    // Contents,
    //   "Contents" too: `before` is the sorted list of paths without leading "./" or "/", one a line,
    //   directories left out, and `after` is the package's qualified name, "section/name".
    // rpm: "primary", "filelists", "other" (location: href, in primary alone).
    std::map<std::string, IndexText> index;
};

// As bytes (core/base/byte_codec.hpp), and back; used on the pipe from the worker and in records.db.
// package_from_bytes throws base::Error (integrity).
std::string to_bytes(const Package& package);
Package package_from_bytes(std::string_view bytes);

}  // namespace repotool::formats
