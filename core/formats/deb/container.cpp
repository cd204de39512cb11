// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/container.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace repotool::formats::deb {
namespace {

constexpr std::string_view kMagic = "!<arch>\n";
constexpr std::uint64_t kHeaderSize = 60;
constexpr std::uint64_t kVersionSizeMax = 1024;
constexpr int kMembersMax = 64;

[[noreturn]] void refuse(std::string reason) {
    throw base::Error(base::ErrorKind::input, "read", "package", std::move(reason));
}

struct Member {
    std::string name;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
};

std::string_view without_padding(std::string_view field) {
    return field.substr(0, field.find_last_not_of(' ') + 1);
}

std::uint64_t parse_size(std::string_view field) {
    const std::string_view digits = without_padding(field);
    if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
        refuse("a member's size is not a number");
    }
    return std::stoull(std::string(digits));
}

std::string read_text(InputFile& file, std::uint64_t offset, std::size_t size) {
    std::string text(size, '\0');
    file.read_at(offset, text);
    return text;
}

class Walker {
public:
    explicit Walker(InputFile& file) : file_(file), file_size_(file.size()) {
        if (file_size_ < kMagic.size() || read_text(file_, 0, kMagic.size()) != kMagic) {
            refuse("it is not a Debian package (no ar archive)");
        }
    }

    std::optional<Member> next() {
        if (position_ == file_size_) return std::nullopt;
        if (file_size_ - position_ < kHeaderSize) refuse("it is truncated, or has garbage at its end");
        if (++members_ > kMembersMax) refuse(fmt::format("it has more than {} members", kMembersMax));
        const std::string header = read_text(file_, position_, kHeaderSize);
        if (header.substr(58) != "`\n")
            refuse("a member's header is damaged, or there is garbage at its end");
        Member member{std::string(without_padding(header.substr(0, 16))), position_ + kHeaderSize,
                      parse_size(header.substr(48, 10))};
        if (member.name.ends_with('/')) member.name.pop_back();
        // Members start at even offsets; the byte between counts, or a file that lacks its last byte would
        // pass.
        const std::uint64_t padded = member.size + member.size % 2;
        if (padded > file_size_ - member.offset) refuse(fmt::format("it is truncated in {}", member.name));
        position_ = member.offset + padded;
        return member;
    }

private:
    InputFile& file_;
    std::uint64_t file_size_;
    std::uint64_t position_ = kMagic.size();
    int members_ = 0;
};

// "2.<minor>\n", and lines after it, are for the future: dpkg reads all of them as format 2.
void check_version(InputFile& file, const Member& member) {
    if (member.size > kVersionSizeMax) refuse("debian-binary is too long");
    const std::string text = read_text(file, member.offset, static_cast<std::size_t>(member.size));
    const std::size_t end = text.find('\n');
    if (end == std::string::npos) refuse("debian-binary has no complete line");
    const std::string version = text.substr(0, end);
    const bool is_two = version.starts_with("2.") && version.size() > 2 &&
                        version.find_first_not_of("0123456789", 2) == std::string::npos;
    if (!is_two) refuse(fmt::format("its format is '{}', expected 2.0", version));
}

std::optional<Member> next_known(Walker& walker) {
    std::optional<Member> member = walker.next();
    while (member && member->name.starts_with('_')) member = walker.next();
    return member;
}

// `name` is that of the archive `base`, such as "control.tar", in one of the forms that deb(5) allows for it.
std::optional<Compression> compression_of(const std::string& name, const std::string& base,
                                          const std::map<std::string, Compression>& suffixes) {
    if (!name.starts_with(base)) return std::nullopt;
    const auto found = suffixes.find(name.substr(base.size()));
    return found == suffixes.end() ? std::nullopt : std::optional(found->second);
}

const std::map<std::string, Compression> kControlSuffixes{{"", Compression::none},
                                                          {".gz", Compression::gzip},
                                                          {".xz", Compression::xz},
                                                          {".zst", Compression::zstd}};
const std::map<std::string, Compression> kDataSuffixes{
    {"", Compression::none},     {".gz", Compression::gzip},   {".xz", Compression::xz},
    {".zst", Compression::zstd}, {".bz2", Compression::bzip2}, {".lzma", Compression::lzma}};

}  // namespace

PackageMembers find_members(InputFile& file) {
    Walker walker(file);
    const std::optional<Member> first = walker.next();
    if (!first || first->name != "debian-binary") refuse("it is not a Debian package (no debian-binary)");
    check_version(file, *first);

    const std::optional<Member> control = next_known(walker);
    if (!control) refuse("it has no control.tar");
    const auto control_compression = compression_of(control->name, "control.tar", kControlSuffixes);
    if (!control_compression) refuse(fmt::format("it has '{}' where control.tar should be", control->name));

    const std::optional<Member> data = next_known(walker);
    if (!data) refuse("it has no data.tar");
    const auto data_compression = compression_of(data->name, "data.tar", kDataSuffixes);
    if (!data_compression) refuse(fmt::format("it has '{}' where data.tar should be", data->name));

    if (const auto extra = next_known(walker)) refuse(fmt::format("it has '{}' after data.tar", extra->name));
    return {{control->offset, control->size, *control_compression},
            {data->offset, data->size, *data_compression}};
}

}  // namespace repotool::formats::deb
