// SPDX-License-Identifier: GPL-3.0-or-later
// Format: rpm's docs/manual/format_v4.md. The signature header is padded to a multiple of eight; packages of
// rpm 4.14 and later have a tag in it whose only use is to be exchanged for signatures.
#include "signing/rpm_writer.hpp"

#include <rpm/header.h>
#include <rpm/rpmio.h>
#include <rpm/rpmtag.h>
#include <rpm/rpmtd.h>

#include <cstdlib>
#include <memory>

#include "core/base/error.hpp"
#include "core/fs/filesystem.hpp"

namespace repotool::signing {
namespace {

constexpr std::size_t kMagicSize = 8;
constexpr std::size_t kEntrySize = 16;
constexpr std::size_t kPadding = 8;

struct Release {
    void operator()(Header header) const noexcept { headerFree(header); }
    void operator()(HeaderIterator iterator) const noexcept { headerFreeIterator(iterator); }
    void operator()(void* memory) const noexcept { std::free(memory); }
    void operator()(FD_t file) const noexcept { Fclose(file); }
};
template <typename Pointer>
using Handle = std::unique_ptr<std::remove_pointer_t<Pointer>, Release>;

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& reason) {
    throw base::Error(base::ErrorKind::signing, "sign package", path.string(), reason);
}

std::size_t padded(std::size_t size) {
    return (size + kPadding - 1) / kPadding * kPadding;
}

Handle<Header> import(const void* bytes, std::size_t size) {
    return Handle<Header>(
        headerImport(const_cast<void*>(bytes), static_cast<unsigned>(size), HEADERIMPORT_COPY));
}

// Tags that are inside an immutable region cannot be changed; this is a header with the same tags, and no
// region.
Handle<Header> without_region(const Handle<Header>& header) {
    rpmtd_s region{};
    if (headerGet(header.get(), RPMTAG_HEADERSIGNATURES, &region, HEADERGET_DEFAULT) == 0)
        return Handle<Header>(headerLink(header.get()));
    const Handle<Header> inner = import(region.data, region.count);
    rpmtdFreeData(&region);
    if (!inner) return nullptr;
    Handle<Header> free_tags(headerNew());
    const Handle<HeaderIterator> iterator(headerInitIterator(inner.get()));
    rpmtd_s tag{};
    while (headerNext(iterator.get(), &tag) != 0) {
        if (tag.data != nullptr) headerPut(free_tags.get(), &tag, HEADERPUT_DEFAULT);
        rpmtdFreeData(&tag);
    }
    return free_tags;
}

// Not with headerPutBin, which knows the tags of the main header alone and refuses others of the same number.
void put(Header header, rpmTagVal tag, std::string bytes) {
    if (bytes.empty()) return;
    rpmtd_s data{};
    data.tag = tag;
    data.type = RPM_BIN_TYPE;
    data.data = bytes.data();
    data.count = static_cast<rpm_count_t>(bytes.size());
    headerPut(header, &data, HEADERPUT_DEFAULT);
}

void exchange_signatures(Header header, const PackageSignatures& signatures) {
    for (const auto tag : kOpenPgpTags) headerDel(header, static_cast<rpmTagVal>(tag));
    headerDel(header, RPMSIGTAG_RESERVEDSPACE);
    const bool is_rsa = signatures.algorithm == PublicKeyAlgorithm::rsa;
    put(header, is_rsa ? RPMSIGTAG_RSA : RPMSIGTAG_DSA, signatures.over_header);
    put(header, is_rsa ? RPMSIGTAG_PGP : RPMSIGTAG_GPG, signatures.over_package);
}

// As it stands in a file, without the magic number; `reserved` bytes stay free for later signatures.
std::string exported(const Handle<Header>& tags, std::size_t reserved) {
    Handle<Header> copy(headerCopy(tags.get()));
    put(copy.get(), RPMSIGTAG_RESERVEDSPACE, std::string(reserved, '\0'));
    // It frees what it gets.
    const Handle<Header> whole(headerReload(copy.release(), RPMTAG_HEADERSIGNATURES));
    unsigned size = 0;
    const Handle<void*> bytes(whole ? headerExport(whole.get(), &size) : nullptr);
    return bytes ? std::string(static_cast<const char*>(bytes.get()), size) : "";
}

// The new signature header with its padding, of the old one's size where that can be.
std::string new_signature_header(const std::filesystem::path& path, const RpmLayout& layout,
                                 const PackageSignatures& signatures) {
    const std::string& old = layout.signature_header;
    const Handle<Header> header = import(old.data() + kMagicSize, old.size() - kMagicSize);
    const Handle<Header> tags = header ? without_region(header) : nullptr;
    if (!tags) refuse(path, "rpm cannot read its signature header");
    exchange_signatures(tags.get(), signatures);
    std::string bytes = exported(tags, 0);
    const std::size_t size = kMagicSize + bytes.size();
    if (padded(size) + kEntrySize < padded(old.size()))
        bytes = exported(tags, padded(old.size()) - size - kEntrySize);
    if (bytes.empty()) refuse(path, "rpm cannot write its signature header");
    bytes.insert(0, old, 0, kMagicSize);
    bytes.resize(padded(bytes.size()), '\0');
    return bytes;
}

void write_in_place(const std::filesystem::path& path, const std::string& header) {
    const Handle<FD_t> file(Fopen(path.c_str(), "r+.ufdio"));
    const auto size = static_cast<ssize_t>(header.size());
    if (!file || Ferror(file.get()) != 0 || Fseek(file.get(), kLeadSize, SEEK_SET) < 0 ||
        Fwrite(header.data(), 1, header.size(), file.get()) != size)
        refuse(path, file ? Fstrerror(file.get()) : "it cannot be opened for writing");
}

void write_anew(const std::filesystem::path& path, const RpmLayout& layout, const std::string& header) {
    const auto directory = fs::open_posix_filesystem(path.parent_path().empty() ? "." : path.parent_path());
    const std::string name = path.filename();
    const std::string next = name + ".sig";
    const auto source = directory->open_read(name);
    const auto status = source->status();
    const auto content = layout.payload_offset - layout.header.size();
    directory->remove(next);  // of a killed run
    const auto target = directory->create(next, status.mode);
    target->append_range(*source, 0, kLeadSize);
    target->write(header);
    target->append_range(*source, content, status.size - content);
    target->close();
    directory->rename(next, name, fs::Replace::yes);
}

}  // namespace

void write_signatures(const std::filesystem::path& path, const RpmLayout& layout,
                      const PackageSignatures& signatures) {
    const std::string header = new_signature_header(path, layout, signatures);
    if (header.size() == padded(layout.signature_header.size()))
        write_in_place(path, header);
    else
        write_anew(path, layout, header);
}

}  // namespace repotool::signing
