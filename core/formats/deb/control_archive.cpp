// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/control_archive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/text.hpp"

namespace repotool::formats::deb {
namespace {

// Fields of a tar header (ustar, POSIX.1-1988), as offset and length.
constexpr std::size_t kBlock = 512;
constexpr std::size_t kPaxMax = std::size_t{64} << 10U;
constexpr std::size_t kTypeOffset = 156;
constexpr std::size_t kPrefixOffset = 345;

[[noreturn]] void refuse(std::string reason) {
    throw base::Error(base::ErrorKind::input, "read", "control.tar", std::move(reason));
}

using Block = std::array<char, kBlock>;

std::string_view text_field(const Block& header, std::size_t offset, std::size_t length) {
    const std::string_view field(header.data() + offset, length);
    return field.substr(0, field.find('\0'));
}

std::uint64_t octal_field(const Block& header, std::size_t offset, std::size_t length) {
    const std::string_view digits = base::trim(text_field(header, offset, length));
    if (digits.empty() || digits.find_first_not_of("01234567") != std::string_view::npos) {
        refuse("a number in a header is not octal");
    }
    return std::stoull(std::string(digits), nullptr, 8);
}

void check_sum(const Block& header) {
    constexpr std::size_t kSumOffset = 148;
    constexpr std::size_t kSumLength = 8;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < kBlock; ++i) {
        const bool in_sum = i >= kSumOffset && i < kSumOffset + kSumLength;
        sum += in_sum ? static_cast<unsigned char>(' ') : static_cast<unsigned char>(header[i]);
    }
    if (sum != octal_field(header, kSumOffset, kSumLength)) refuse("a header's checksum is wrong");
}

// The name as everyone reads it: without `./`, empty for the root directory itself.
std::string plain_name(const Block& header) {
    const std::string_view name = text_field(header, 0, 100);
    if (name.empty() || name.starts_with('/')) refuse("an entry has no name, or an absolute one");
    std::string plain;
    for (const std::string& part : base::split(name, '/')) {
        if (part.empty() || part == ".") continue;
        if (part == "..") refuse(fmt::format("the name '{}' leaves the archive", name));
        plain += (plain.empty() ? "" : "/") + part;
    }
    return plain;
}

// Pax records ("<length> <key>=<value>\n") that tell dates and owners are harmless; one that changes a name,
// a size or a link's target means something to tar, and nothing to apt.
void check_pax(std::string_view records) {
    while (!records.empty()) {
        const std::size_t space = records.find(' ');
        const std::string_view digits = records.substr(0, space);
        const bool is_number = !digits.empty() && digits.size() <= 6 &&
                               digits.find_first_not_of("0123456789") == std::string_view::npos;
        if (space == std::string_view::npos || !is_number) refuse("a pax header is damaged");
        const std::size_t length = std::stoul(std::string(digits));
        if (length <= space + 1 || length > records.size()) refuse("a pax header is damaged");
        const std::string_view record = records.substr(space + 1, length - space - 1);
        const std::string_view key = record.substr(0, record.find('='));
        if (key == "path" || key == "size" || key == "linkpath" || key.starts_with("GNU.sparse")) {
            refuse(fmt::format("a pax header changes '{}'", key));
        }
        records.remove_prefix(length);
    }
}

class Reader {
public:
    explicit Reader(ByteSource& source) : source_(source) {}

    std::string run() {
        Block header{};
        while (next_header(header)) read_entry(header);
        if (!control_) refuse("it has no file 'control'");
        return std::move(*control_);
    }

private:
    // False at the end, which is an all-zero block. apt, unlike dpkg, does not always find a control file in
    // an archive that just stops, and dpkg-deb never writes one.
    bool next_header(Block& header) {
        const std::size_t count = fill(header);
        if (count == 0) refuse("it has no end");
        if (count < kBlock) refuse("it is truncated");
        if (!is_zero(header)) return true;
        while (const std::size_t more = fill(header)) {
            if (!is_zero(std::span<const char>(header).first(more))) refuse("it goes on after its end");
        }
        return false;
    }

    void read_entry(const Block& header) {
        check_sum(header);
        if (++entries_ > kControlEntriesMax)
            refuse(fmt::format("it has more than {} entries", kControlEntriesMax));
        const std::uint64_t size = octal_field(header, 124, 12);
        const char type = header[kTypeOffset];
        if (type == 'x' || type == 'g') {
            if (size > kPaxMax) refuse("a pax header is too long");
            return check_pax(read_content(size));
        }
        read_named(header, type, size);
    }

    void read_named(const Block& header, char type, std::uint64_t size) {
        const std::string name = plain_name(header);
        // A prefix is part of the name to tar, and not to apt. Only ustar proper has one: GNU keeps times
        // there.
        const bool has_prefix = std::string_view(header.data() + 257, 6) == std::string_view("ustar\0", 6) &&
                                header[kPrefixOffset] != '\0';
        if (has_prefix) refuse(fmt::format("the name of '{}' is too long", name));
        const bool is_file = type == '0' || type == '\0';
        if (!is_file && type != '5') refuse(fmt::format("'{}' is neither a file nor a directory", name));
        if (name.empty() && is_file) refuse("a file has no name");
        if (!is_file && size != 0) refuse(fmt::format("the directory '{}' has content", name));
        if (name.starts_with("control/")) refuse("'control' is a directory");
        if (name != "control") return skip(size + padding(size));
        if (!is_file) refuse("'control' is not a regular file");
        if (control_) refuse("it has two files 'control'");
        // apt knows these two spellings only.
        const std::string_view spelling = text_field(header, 0, 100);
        if (spelling != "control" && spelling != "./control")
            refuse(fmt::format("'{}' is not './control'", spelling));
        if (size > kControlFileMax)
            refuse(fmt::format("'control' is larger than {} MiB", kControlFileMax >> 20U));
        control_ = read_content(size);
    }

    std::string read_content(std::uint64_t size) {
        std::string content(static_cast<std::size_t>(size), '\0');
        if (fill(content) != content.size()) refuse("it is truncated");
        skip(padding(size));
        return content;
    }

    void skip(std::uint64_t count) {
        Block scratch{};
        while (count > 0) {
            const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(count, kBlock));
            if (fill(std::span<char>(scratch).first(wanted)) != wanted) refuse("it is truncated");
            count -= wanted;
        }
    }

    std::size_t fill(std::span<char> buffer) {
        const std::size_t count = read_fully(source_, buffer);
        total_ += count;
        if (total_ > kControlTarMax) {
            refuse(fmt::format("it unpacks to more than {} MiB", kControlTarMax >> 20U));
        }
        return count;
    }

    static bool is_zero(std::span<const char> bytes) {
        return std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == '\0'; });
    }

    static std::uint64_t padding(std::uint64_t size) { return (kBlock - size % kBlock) % kBlock; }

    ByteSource& source_;
    std::optional<std::string> control_;
    std::size_t total_ = 0;
    int entries_ = 0;
};

}  // namespace

std::string read_control(ByteSource& tar) {
    return Reader(tar).run();
}

}  // namespace repotool::formats::deb
