// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/rpm_layout.hpp"

#include <array>
#include <cstring>
#include <memory>
#include <type_traits>

#include "core/base/error.hpp"
#include "core/fs/external.hpp"

namespace repotool::signing {
namespace {

constexpr std::string_view kLeadMagic = "\xed\xab\xee\xdb";
constexpr std::string_view kHeaderMagic{"\x8e\xad\xe8\x01\0\0\0\0", 8};
constexpr std::size_t kIntroSize = 16;
constexpr std::size_t kEntrySize = 16;
// rpm's own limits on a header (lib/header.c): entries, then bytes of data.
constexpr std::uint32_t kMostEntries = 0xffff;
constexpr std::uint32_t kMostData = 0x0fffffff;
constexpr std::uint32_t kPayloadDigestTag = 5092;
constexpr std::uint32_t kPayloadDigestAlgorithmTag = 5093;

enum class ValueType : std::uint32_t {
    int32 = 4,
    int64 = 5,
    string = 6,
    binary = 7,
    string_array = 8,
    i18n = 9
};

struct Entry {
    std::uint32_t tag = 0;
    ValueType type{};
    std::uint32_t offset = 0;
    std::uint32_t count = 0;
};

// A reader of one file that never reads past its size.
class PackageFile {
public:
    explicit PackageFile(const std::filesystem::path& path) : path_(path) {
        const auto status =
            answer_of([&] { return fs::external_status(path.string(), fs::FinalSymlink::keep); });
        if (!status) refuse("there is no such file");
        if (status->kind != fs::Kind::file) refuse("it is not a regular file");
        file_ = answer_of([&] { return fs::open_external(path.string()); });
        size_ = answer_of([&] { return file_->status().size; });
    }
    std::string read(std::uint64_t count) {
        if (count > size_ - position_) refuse("it is truncated");
        std::string bytes(count, '\0');
        if (answer_of([&] { return file_->read_at(bytes, position_); }) != count) refuse("it cannot be read");
        position_ += count;
        return bytes;
    }
    std::uint64_t position() const noexcept { return position_; }
    std::uint64_t remaining() const noexcept { return size_ - position_; }
    [[noreturn]] void refuse(const std::string& reason) const {
        throw base::Error(base::ErrorKind::input, "read package", path_.string(), reason);
    }

private:
    template <typename Ask>
    std::invoke_result_t<Ask> answer_of(const Ask& ask) const {
        try {
            return ask();
        } catch (const base::Error&) {
            refuse("it cannot be read");
        }
    }

    std::filesystem::path path_;
    std::unique_ptr<fs::File> file_;
    std::uint64_t size_ = 0;
    std::uint64_t position_ = 0;
};

std::uint32_t big_endian(std::string_view bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t index = 0; index < 4; ++index)
        value = (value << 8U) | static_cast<unsigned char>(bytes[at + index]);
    return value;
}

// One header structure: its bytes as on disk, and where its entries and its data begin.
class RpmHeader {
public:
    explicit RpmHeader(PackageFile& file) {
        bytes_ = file.read(kIntroSize);
        if (!bytes_.starts_with(kHeaderMagic)) file.refuse("a header does not begin with its magic number");
        entry_count_ = big_endian(bytes_, 8);
        data_size_ = big_endian(bytes_, 12);
        if (entry_count_ == 0 || entry_count_ > kMostEntries || data_size_ > kMostData)
            file.refuse("a header has an impossible size");
        bytes_ += file.read(std::uint64_t{entry_count_} * kEntrySize + data_size_);
    }

    // The value of a tag; empty when it is not there. A tag that is there twice or does not fit is refused,
    // because readers would disagree about it.
    std::optional<std::string> find(const PackageFile& file, std::uint32_t tag) const {
        std::optional<std::string> value;
        for (std::uint32_t index = 0; index < entry_count_; ++index) {
            const Entry entry = entry_at(index);
            if (entry.tag != tag) continue;
            if (value) file.refuse("a header holds tag " + std::to_string(tag) + " twice");
            value = value_of(file, entry);
        }
        return value;
    }
    std::string take_bytes() && { return std::move(bytes_); }
    std::uint32_t data_size() const noexcept { return data_size_; }

private:
    Entry entry_at(std::uint32_t index) const {
        const std::size_t at = kIntroSize + std::size_t{index} * kEntrySize;
        return {big_endian(bytes_, at), ValueType{big_endian(bytes_, at + 4)}, big_endian(bytes_, at + 8),
                big_endian(bytes_, at + 12)};
    }
    std::string value_of(const PackageFile& file, const Entry& entry) const {
        const auto data =
            std::string_view(bytes_).substr(kIntroSize + std::size_t{entry_count_} * kEntrySize);
        if (entry.offset >= data.size() || entry.count == 0)
            file.refuse("a header tag lies outside its header");
        const auto rest = data.substr(entry.offset);
        std::uint64_t size = entry.count;
        if (entry.type == ValueType::int32) size *= 4;
        if (entry.type == ValueType::int64) size *= 8;
        if (entry.type == ValueType::string || entry.type == ValueType::string_array ||
            entry.type == ValueType::i18n)
            size = rest.find('\0');  // of an array the first: payload digests have one
        if (size > rest.size()) file.refuse("a header tag lies outside its header");
        return std::string(rest.substr(0, size));
    }

    std::string bytes_;
    std::uint32_t entry_count_ = 0;
    std::uint32_t data_size_ = 0;
};

constexpr std::array kSignatureTags = {
    SignatureTag::dsa_header,  SignatureTag::rsa_header,    SignatureTag::sha1_header,
    SignatureTag::long_size,   SignatureTag::sha256_header, SignatureTag::open_pgp,
    SignatureTag::size,        SignatureTag::rsa_package,   SignatureTag::md5_package,
    SignatureTag::dsa_package,
};

void read_signature_header(PackageFile& file, RpmLayout& layout) {
    RpmHeader header(file);
    for (const SignatureTag tag : kSignatureTags)
        if (auto value = header.find(file, static_cast<std::uint32_t>(tag)))
            layout.signatures.emplace(tag, *std::move(value));
    file.read((8 - header.data_size() % 8) % 8);  // padding to a multiple of eight
    layout.signature_header = std::move(header).take_bytes();
}

}  // namespace

RpmLayout read_rpm_layout(const std::filesystem::path& path) {
    PackageFile file(path);
    if (!file.read(kLeadSize).starts_with(kLeadMagic)) file.refuse("it is not an RPM package");
    RpmLayout layout;
    read_signature_header(file, layout);
    RpmHeader header(file);
    layout.payload_digest = header.find(file, kPayloadDigestTag).value_or("");
    if (const auto algorithm = header.find(file, kPayloadDigestAlgorithmTag);
        algorithm && algorithm->size() == 4)
        layout.payload_digest_algorithm = big_endian(*algorithm, 0);
    layout.header = std::move(header).take_bytes();
    layout.payload_offset = file.position();
    layout.payload_size = file.remaining();
    return layout;
}

std::vector<std::string> signatures_of(const RpmLayout& layout) {
    std::vector<std::string> signatures;
    for (const auto tag : kOpenPgpTags)
        if (const auto found = layout.signatures.find(tag); found != layout.signatures.end())
            signatures.push_back(found->second);
    return signatures;
}

bool has_signature(const RpmLayout& layout) {
    return !signatures_of(layout).empty();
}

}  // namespace repotool::signing
