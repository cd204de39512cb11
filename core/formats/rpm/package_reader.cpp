// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/rpm/package_reader.hpp"

#include <fmt/format.h>
#include <rpm/rpmcrypto.h>

#include "core/base/input_stream.hpp"
#include "core/formats/rpm/file_layout.hpp"
#include "core/formats/rpm/header_reader.hpp"
#include "core/formats/rpm/identity.hpp"
#include "core/formats/rpm/integrity.hpp"
#include "core/formats/rpm/package_text.hpp"
#include "core/formats/rpm/refusal.hpp"

namespace repotool::formats::rpm {

void prepare_reader() {
    // Nothing of librpm's configuration is read: headers need none of it, and rpmReadConfigFiles() would run
    // whatever
    // ~/.rpmmacros and ~/.rpmrc of the publishing user say. What is needed is the digests, which libgcrypt
    // loads.
    rpmInitCrypto();
    base::sha256_hex({});  // OpenSSL reads its own configuration at its first use
}

Package read_package(const std::string& path, const base::FileDigests& digests, const std::string& shown_as) {
    prepare_reader();
    const auto stream = base::open_input_stream(path);
    if (!stream) refuse(shown_as, "the file cannot be opened");
    std::istream& file = *stream;

    // 1. Our own look at the lengths, 2. librpm's at the header, 3. the digests of all bytes from there on.
    const FileLayout layout = read_layout(file, shown_as);
    if (layout.file_size != digests.size) refuse(shown_as, "it changed while it was read");
    const HeaderReader header(path, shown_as);
    const ContentDigests content = check_content(
        file, layout, {header.text(RPMTAG_PAYLOADDIGEST), header.number(RPMTAG_PAYLOADDIGESTALGO)}, shown_as);

    const PackageFacts facts = read_facts(header, shown_as);
    check_identity(facts, shown_as);
    const FileFacts of_file{digests.sha256, digests.size, layout.header_start, layout.header_end};

    Package package;
    fill_identity(header, facts, shown_as, package);
    package.size = digests.size;
    package.sha256 = digests.sha256;
    package.content_id = base::sha256_hex(content.header_sha256 + content.payload_sha256);
    package.index["primary"] = primary_text(facts, of_file);
    package.index["filelists"] = filelists_text(facts, of_file);
    package.index["other"] = other_text(facts, of_file);
    return package;
}

}  // namespace repotool::formats::rpm
