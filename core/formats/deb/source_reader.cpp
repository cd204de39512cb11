// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/source_reader.hpp"

#include <apt-pkg/tagfile.h>
#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "core/base/error.hpp"
#include "core/formats/deb/clear_signed.hpp"
#include "core/formats/deb/control_stanza.hpp"
#include "core/formats/deb/field_writer.hpp"
#include "core/formats/deb/grammar.hpp"
#include "core/formats/deb/input_file.hpp"
#include "core/formats/deb/upload_control.hpp"

namespace repotool::formats::deb {
namespace {

using base::FileDigests;

struct DigestField {
    const char* name;
    std::string FileDigests::*digest;
};
constexpr DigestField kDigestFields[] = {{"Files", &FileDigests::md5},
                                         {"Checksums-Sha1", &FileDigests::sha1},
                                         {"Checksums-Sha256", &FileDigests::sha256},
                                         {"Checksums-Sha512", &FileDigests::sha512}};
// What a .dsc says of these, the repository knows better: apt-ftparchive takes Priority from its overrides
// alone.
constexpr std::initializer_list<const char*> kDropped = {"Source", "Package", "Status", "Priority",
                                                         "Directory"};

[[noreturn]] void refuse(std::string reason) {
    throw base::Error(base::ErrorKind::input, "read", "control", std::move(reason));
}

std::string read_text(const std::string& path) {
    InputFile file(path);
    if (file.size() > kUploadControlMax)
        refuse(fmt::format("it is larger than {} MiB", kUploadControlMax >> 20U));
    std::string text(static_cast<std::size_t>(file.size()), '\0');
    file.read_at(0, text);
    return text;
}

// A source package's files lie beside those of others and beside binary packages: a name that begins with its
// own can be nobody else's.
void check_name(const std::string& file, const std::string& source) {
    if (!file.starts_with(source + "_")) refuse(fmt::format("'{}' does not begin with '{}_'", file, source));
    for (const char* suffix : {".deb", ".udeb", ".ddeb", ".dsc", ".changes", ".buildinfo"}) {
        if (file.ends_with(suffix)) refuse(fmt::format("'{}' is no part of a source package", file));
    }
}

void check_digest(const ListedFile& listed, const FileDigests& actual) {
    if (listed.digests.size != actual.size)
        refuse(fmt::format("'{}' has {} bytes, expected {}", listed.name, actual.size, listed.digests.size));
    for (const DigestField& field : kDigestFields) {
        const std::string& expected = listed.digests.*field.digest;
        if (!expected.empty() && expected != actual.*field.digest)
            refuse(fmt::format("'{}' has another digest than {} says: {}, expected {}", listed.name,
                               field.name, actual.*field.digest, expected));
    }
}

class Stanza {
public:
    Stanza(const ControlStanza& control, const std::string& name) : control_(control), name_(name) {}

    void add_file(const std::string& name, const FileDigests& digests) { files_.emplace_back(name, digests); }

    IndexText run() {
        for (const char** name = TFRewriteSourceOrder; *name != nullptr; ++name) write_known(*name);
        for (const ControlField& field : control_.fields()) {
            if (!is_in_order(TFRewriteSourceOrder, field.name) && !is_dropped(field.name))
                append_field(*target_, field.name, field.raw);
        }
        text_.after += '\n';
        return std::move(text_);
    }

private:
    void write_known(std::string_view name) {
        if (name == "Directory") {
            text_.before += "Directory: ";
            text_.after = "\n";
            target_ = &text_.after;
        } else if (name == "Package") {
            append_field(*target_, name, name_);
        } else if (const auto* field = find_digest_field(name); field != nullptr) {
            append_field(*target_, name, list_of(field->digest));
        } else if (const ControlField* own = control_.find(name); own != nullptr && !is_dropped(name)) {
            append_field(*target_, name, own->raw);
        }
    }

    static const DigestField* find_digest_field(std::string_view name) {
        const auto* found = std::find_if(std::begin(kDigestFields), std::end(kDigestFields),
                                         [&](const auto& field) { return field.name == name; });
        return found == std::end(kDigestFields) ? nullptr : found;
    }

    static bool is_dropped(std::string_view name) {
        return std::any_of(kDropped.begin(), kDropped.end(),
                           [&](const char* dropped) { return is_same_field(dropped, name); });
    }

    std::string list_of(std::string FileDigests::*digest) const {
        std::string list;
        for (const auto& [name, digests] : files_)
            list += fmt::format("\n {} {} {}", digests.*digest, digests.size, name);
        return list;
    }

    const ControlStanza& control_;
    std::string name_;
    std::vector<std::pair<std::string, FileDigests>> files_;
    IndexText text_;
    std::string* target_ = &text_.before;
};

void fill(Package& package, const UploadControl& control, const FileDigests& digests) {
    package.format = Format::deb;
    package.kind = PackageKind::source;
    package.name = control.source;
    package.version = control.version;
    package.architecture = "source";
    package.source = package.name;
    package.source_version = package.version;
    package.file_name = fmt::format("{}_{}.dsc", package.name, without_epoch(package.version));
    if (!is_file_name(package.file_name)) refuse("its name and version are too long for a file name");
    package.size = digests.size;
    package.sha256 = digests.sha256;
    package.content_id = digests.sha256;
}

Package read(const std::string& path, const FileDigests& digests, const SourceFiles& files) {
    const std::string document = read_text(path);
    const UploadControl control = read_upload_control(document, UploadKind::source, path);
    const ControlStanza stanza(open_clear_signed(document), Relations::unchecked);
    Package package;
    fill(package, control, digests);
    if (stanza.value("Format").empty()) refuse("it has no field Format");
    Stanza writer(stanza, package.name);
    writer.add_file(package.file_name, digests);
    for (const ListedFile& listed : control.files) {
        check_name(listed.name, package.name);
        const auto actual = files.find(listed.name);
        if (actual == files.end()) refuse(fmt::format("'{}' is missing", listed.name));
        check_digest(listed, actual->second);
        writer.add_file(listed.name, actual->second);
        package.files.push_back({listed.name, actual->second.size, actual->second.sha256});
    }
    std::sort(package.files.begin(), package.files.end(),
              [](const auto& left, const auto& right) { return left.name < right.name; });
    package.index["Sources"] = writer.run();
    return package;
}

}  // namespace

Package read_source(const std::string& path, const base::FileDigests& digests, const SourceFiles& files,
                    const std::string& shown_as) {
    try {
        return read(path, digests, files);
    } catch (const base::Error& error) {
        throw base::Error(error.kind(), "read", shown_as, error.reason(), error.hint());
    }
}

}  // namespace repotool::formats::deb
