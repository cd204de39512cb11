// SPDX-License-Identifier: GPL-3.0-or-later
// What a .changes (deb-changes(5)) or a .dsc (dsc(5)) says of the files that lie beside it. Both come from
// outside: run these readers in a worker process. Every name in them becomes a path, so only base names of
// harmless characters get through.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/digest.hpp"
#include "core/formats/deb/control_stanza.hpp"

namespace repotool::formats::deb {

// More than any upload has, and few enough for one worker.
constexpr std::size_t kUploadControlMax = std::size_t{8} << 20U;  // bytes of a .changes or .dsc
constexpr std::size_t kListedFilesMax = 20000;

struct ListedFile {
    std::string name;
    base::FileDigests digests;  // those that are listed: SHA-256 always
};

enum class UploadKind { changes, source };

struct UploadControl {
    std::string source;          // name of the source package
    std::string version;         // .dsc: of the source package; .changes: likewise, as its Version says
    std::string source_version;  // .changes: of the source package, where Source names another than Version
    std::vector<std::string> architectures;  // .changes: all of them, "source" and "all" too; may be empty
    std::string distribution;                // .changes: where it wants to go
    std::vector<ListedFile> files;           // in the order of Checksums-Sha256
};

// `document`: the whole file, clear-signed or not. Throws base::Error (input) with `shown_as`.
UploadControl read_upload_control(std::string_view document, UploadKind kind, const std::string& shown_as);

// The files that Checksums-Sha256, -Sha1, -Sha512 and Files of `stanza` list: each field, where it is there,
// must list the same files. Throws base::Error (input).
std::vector<ListedFile> read_listed_files(const ControlStanza& stanza, UploadKind kind);

// On the pipe from the worker, and back.
std::string to_json(const UploadControl& control);
UploadControl upload_control_from_json(std::string_view json);

}  // namespace repotool::formats::deb
