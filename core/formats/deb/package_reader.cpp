// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/package_reader.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/formats/deb/container.hpp"
#include "core/formats/deb/control_archive.hpp"
#include "core/formats/deb/control_stanza.hpp"
#include "core/formats/deb/data_archive.hpp"
#include "core/formats/deb/field_writer.hpp"
#include "core/formats/deb/grammar.hpp"
#include "core/formats/deb/input_file.hpp"
#include "core/formats/deb/stanza_writer.hpp"

namespace repotool::formats::deb {
namespace {

constexpr std::size_t kFileNameMax = 255;

[[noreturn]] void refuse(std::string reason) {
    throw base::Error(base::ErrorKind::input, "read", "control", std::move(reason));
}

std::string read_control_text(InputFile& file, const ArchiveMember& member) {
    FileRange compressed(file, member.offset, member.size);
    const std::unique_ptr<ByteSource> tar = decompress(member.compression, compressed);
    return read_control(*tar);
}

std::string read_paths(InputFile& file, const ArchiveMember& member) {
    constexpr DecoderLimits kLimits{"data.tar", std::uint64_t{300} << 20U};
    FileRange compressed(file, member.offset, member.size);
    const std::unique_ptr<ByteSource> tar = decompress(member.compression, compressed, kLimits);
    return list_paths(*tar, member.compression);
}

std::string required(const ControlStanza& control, const char* field, bool (*is_good)(std::string_view)) {
    if (control.find(field) == nullptr) refuse(fmt::format("it has no field {}", field));
    std::string value(control.value(field));
    if (!is_good(value)) refuse(fmt::format("'{}' is not allowed as {}", value, field));
    return value;
}

void fill_source(Package& package, const ControlStanza& control) {
    package.source = package.name;
    package.source_version = package.version;
    if (control.value("Source").empty()) return;
    const auto source = parse_source(control.value("Source"));
    if (!source) refuse(fmt::format("'{}' is not allowed as Source", control.value("Source")));
    package.source = source->name;
    if (!source->version.empty()) package.source_version = source->version;
}

// apt refuses the whole index for one malformed Description-md5, and apt-ftparchive copies what the package
// says.
void check_description_digest(const ControlStanza& control) {
    const std::string_view digest = control.value("Description-md5");
    if (digest.empty()) return;
    const bool is_md5 =
        digest.size() == 32 && digest.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
    if (!is_md5) refuse("its Description-md5 is not an MD5 digest");
}

// debhelper marks the packages that it splits debug symbols into; those that others make are known by their
// name and section.
PackageKind kind_of(const Package& package, const ControlStanza& control, std::string_view file_name) {
    // dpkg-gencontrol leaves the field out: the name of the file is all that tells.
    if (file_name.ends_with(".udeb") || control.value("Package-Type") == "udeb") return PackageKind::udeb;
    if (control.value("Auto-Built-Package") == "debug-symbols") return PackageKind::debug;
    const std::string_view section = control.value("Section");
    const bool is_in_debug = section == "debug" || section.ends_with("/debug");
    return is_in_debug && package.name.ends_with("-dbgsym") ? PackageKind::debug : PackageKind::binary;
}

std::string canonical_file_name(const Package& package) {
    const char* suffix = package.kind == PackageKind::udeb ? "udeb" : "deb";
    std::string name = fmt::format("{}_{}_{}.{}", package.name, without_epoch(package.version),
                                   package.architecture, suffix);
    if (name.size() > kFileNameMax) refuse("its name, version and architecture are too long for a file name");
    return name;
}

// "section/name", as Contents has it; what would look like other packages there is no section.
std::string qualified_name(const Package& package, const ControlStanza& control) {
    std::string section;
    append_utf8(section, control.value("Section"));
    if (section.find_first_of(" \t\n,") != std::string::npos) section.clear();
    if (!section.empty() && !section.ends_with('/')) section += '/';
    return section + package.name;
}

Package read(const std::string& path, const base::FileDigests& digests, std::string_view file_name,
             PathList path_list) {
    InputFile file(path);
    const PackageMembers members = find_members(file);
    const ControlStanza control(read_control_text(file, members.control), Relations::checked);
    Package package;
    package.format = Format::deb;
    package.name = required(control, "Package", [](std::string_view text) { return is_package_name(text); });
    package.version = required(control, "Version", [](std::string_view text) { return is_version(text); });
    package.architecture =
        required(control, "Architecture", [](std::string_view text) { return is_architecture(text); });
    fill_source(package, control);
    check_description_digest(control);
    package.kind = kind_of(package, control, file_name);
    package.file_name = canonical_file_name(package);
    package.size = digests.size;
    package.sha256 = digests.sha256;
    package.content_id = digests.sha256;
    package.any_architecture = package.architecture == "all";
    package.index["Packages"] = render_stanza(control, digests);
    if (path_list == PathList::read)
        package.index["Contents"] = {read_paths(file, members.data), qualified_name(package, control)};
    return package;
}

}  // namespace

Package read_package(const std::string& path, const base::FileDigests& digests, const std::string& shown_as,
                     PathList path_list) {
    try {
        return read(path, digests, shown_as, path_list);
    } catch (const base::Error& error) {
        // The layers below know which part is bad; only here is it known whose part it is.
        const std::string part = error.object() == "package" ? "" : error.object() + ": ";
        throw base::Error(error.kind(), "read", shown_as, part + error.reason(), error.hint());
    }
}

}  // namespace repotool::formats::deb
