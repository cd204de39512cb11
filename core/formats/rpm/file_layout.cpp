// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/rpm/file_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "core/formats/rpm/refusal.hpp"

namespace repotool::formats::rpm {
namespace {

constexpr std::uint64_t kLeadSize = 96;
constexpr std::uint64_t kIntroSize = 16;
constexpr std::uint64_t kEntrySize = 16;
constexpr std::uint64_t kMaximumEntries = 0x10000;  // librpm's own limit
constexpr std::uint64_t kMaximumData = std::uint64_t{64}
                                       << 20U;  // librpm: 64 MiB signature, 256 MiB main header
constexpr std::string_view kLeadMagic{"\xed\xab\xee\xdb", 4};
constexpr std::string_view kIntroMagic{"\x8e\xad\xe8\x01", 4};

// Tags of the signature header (rpm/rpmtag.h: rpmSigTag) and the types that they have.
enum class SignatureTag : std::uint32_t {
    sha1 = 269,
    long_size = 270,
    sha256 = 273,
    size = 1000,
    md5 = 1004
};
enum class EntryType : std::uint32_t { int32 = 4, int64 = 5, string = 6, binary = 7 };

struct Intro {
    std::uint64_t entries = 0;
    std::uint64_t data = 0;
    std::uint64_t size() const { return kIntroSize + entries * kEntrySize + data; }
};

struct Entry {
    SignatureTag tag;
    EntryType type;
    std::uint32_t offset;
    std::uint32_t count;
};

std::uint64_t big_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
    return value;
}

std::uint32_t big_endian_32(std::string_view bytes, std::size_t offset) {
    return static_cast<std::uint32_t>(big_endian(bytes.substr(offset, 4)));
}

std::string read_bytes(std::istream& file, std::uint64_t offset, std::uint64_t size) {
    std::string bytes(size, '\0');
    file.clear();
    file.seekg(static_cast<std::streamoff>(offset));
    file.read(bytes.data(), static_cast<std::streamsize>(size));
    bytes.resize(static_cast<std::size_t>(file.gcount()));
    return bytes;
}

std::uint64_t size_of(std::istream& file, const std::string& shown_as) {
    file.seekg(0, std::ios::end);
    const auto size = file.tellg();
    if (!file || size < 0) refuse(shown_as, "the file cannot be read");
    return static_cast<std::uint64_t>(size);
}

void check_lead(std::istream& file, std::uint64_t file_size, const std::string& shown_as) {
    if (file_size == 0) refuse(shown_as, "the file is empty");
    const std::string lead = read_bytes(file, 0, std::min(kLeadSize, file_size));
    if (!lead.starts_with(kLeadMagic)) refuse(shown_as, "not an RPM package");
    if (lead.size() < kLeadSize) refuse(shown_as, "truncated in its lead");
}

Intro read_intro(std::istream& file, std::uint64_t start, std::uint64_t file_size, std::string_view which,
                 const std::string& shown_as) {
    if (start + kIntroSize > file_size) refuse(shown_as, fmt::format("truncated before its {}", which));
    const std::string bytes = read_bytes(file, start, kIntroSize);
    if (!bytes.starts_with(kIntroMagic)) refuse(shown_as, fmt::format("its {} has no header magic", which));
    const Intro intro{big_endian_32(bytes, 8), big_endian_32(bytes, 12)};
    if (intro.entries == 0 || intro.entries > kMaximumEntries || intro.data > kMaximumData) {
        refuse(shown_as, fmt::format("its {} is out of bounds ({} entries, {} bytes of data)", which,
                                     intro.entries, intro.data));
    }
    if (start + intro.size() > file_size) refuse(shown_as, fmt::format("truncated in its {}", which));
    return intro;
}

std::string text_at(std::string_view data, std::uint32_t offset) {
    const std::string_view rest = data.substr(std::min<std::size_t>(offset, data.size()));
    return std::string(rest.substr(0, rest.find('\0')));
}

std::string hex_at(std::string_view data, std::uint32_t offset, std::uint32_t count) {
    std::string text;
    for (const char byte : data.substr(std::min<std::size_t>(offset, data.size()), count)) {
        text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    }
    return text;
}

// One entry that we know is taken into `tags`; others are librpm's and rpmsign's business.
void take_entry(const Entry& entry, std::string_view data, SignatureTags& tags) {
    switch (entry.tag) {
        case SignatureTag::size:
            if (entry.type == EntryType::int32 && entry.offset + std::uint64_t{4} <= data.size()) {
                tags.size = big_endian(data.substr(entry.offset, 4));
            }
            break;
        case SignatureTag::long_size:
            if (entry.type == EntryType::int64 && entry.offset + std::uint64_t{8} <= data.size()) {
                tags.size = big_endian(data.substr(entry.offset, 8));
            }
            break;
        case SignatureTag::md5:
            if (entry.type == EntryType::binary)
                tags.md5 = hex_at(data, entry.offset, std::min(entry.count, 16U));
            break;
        case SignatureTag::sha1:
            if (entry.type == EntryType::string) tags.sha1 = text_at(data, entry.offset);
            break;
        case SignatureTag::sha256:
            if (entry.type == EntryType::string) tags.sha256 = text_at(data, entry.offset);
            break;
    }
}

SignatureTags read_signature(std::istream& file, const Intro& intro) {
    const std::string bytes = read_bytes(file, kLeadSize + kIntroSize, intro.size() - kIntroSize);
    const std::string_view data = std::string_view(bytes).substr(intro.entries * kEntrySize);
    SignatureTags tags;
    for (std::uint64_t index = 0; index < intro.entries; ++index) {
        const std::size_t at = index * kEntrySize;
        take_entry({SignatureTag{big_endian_32(bytes, at)}, EntryType{big_endian_32(bytes, at + 4)},
                    big_endian_32(bytes, at + 8), big_endian_32(bytes, at + 12)},
                   data, tags);
    }
    return tags;
}

}  // namespace

FileLayout read_layout(std::istream& file, const std::string& shown_as) {
    FileLayout layout;
    layout.file_size = size_of(file, shown_as);
    check_lead(file, layout.file_size, shown_as);
    const Intro signature = read_intro(file, kLeadSize, layout.file_size, "signature header", shown_as);
    layout.signature = read_signature(file, signature);
    layout.header_start = kLeadSize + (signature.size() + 7) / 8 * 8;
    const Intro header = read_intro(file, layout.header_start, layout.file_size, "header", shown_as);
    layout.header_end = layout.header_start + header.size();
    const auto& promised = layout.signature.size;
    const std::uint64_t found = layout.file_size - layout.header_start;
    if (promised && *promised != found) {
        refuse(shown_as,
               fmt::format("{}: its header and payload have {} bytes, its signature header says {}",
                           found < *promised ? "truncated" : "bytes follow its end", found, *promised));
    }
    return layout;
}

}  // namespace repotool::formats::rpm
