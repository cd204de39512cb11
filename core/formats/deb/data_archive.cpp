// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/data_archive.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <memory>
#include <new>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/formats/deb/field_writer.hpp"

namespace repotool::formats::deb {
namespace {

[[noreturn]] void refuse(std::string reason) {
    throw base::Error(base::ErrorKind::input, "read", "data.tar", std::move(reason));
}

// What libarchive calls for more bytes. Exceptions wait here while its frames, which are C, are on the stack.
struct Feed {
    ByteSource& source;
    std::array<char, 65536> buffer{};
    std::exception_ptr failure{};
};

la_ssize_t feed(struct archive* reader, void* data, const void** bytes) {
    auto& self = *static_cast<Feed*>(data);
    try {
        *bytes = self.buffer.data();
        return static_cast<la_ssize_t>(self.source.read(self.buffer));
    } catch (...) {
        self.failure = std::current_exception();
        archive_set_error(reader, EIO, "the data cannot be read");
        return -1;
    }
}

class TarReader {
public:
    TarReader(ByteSource& source, Compression compression) : feed_{source}, reader_(archive_read_new()) {
        if (!reader_) throw std::bad_alloc();
        archive_read_support_format_tar(reader_.get());
        if (compression == Compression::bzip2) archive_read_support_filter_bzip2(reader_.get());
        if (compression == Compression::lzma) archive_read_support_filter_lzma(reader_.get());
        check(archive_read_open(reader_.get(), &feed_, nullptr, feed, nullptr));
    }

    // Null at the end.
    archive_entry* next() {
        archive_entry* entry = nullptr;
        const int status = archive_read_next_header(reader_.get(), &entry);
        if (status == ARCHIVE_EOF) return nullptr;
        check(status);
        return entry;
    }

private:
    // A warning is about a name or an owner that this host cannot show; the bytes are there.
    void check(int status) const {
        if (feed_.failure) std::rethrow_exception(feed_.failure);
        if (status == ARCHIVE_OK || status == ARCHIVE_WARN) return;
        const char* reason = archive_error_string(reader_.get());
        refuse(reason == nullptr ? "it is damaged" : reason);
    }

    struct Free {
        void operator()(struct archive* reader) const { archive_read_free(reader); }
    };
    Feed feed_;
    std::unique_ptr<struct archive, Free> reader_;
};

// Empty for what is not listed.
std::string_view listed_path(archive_entry* entry) {
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr) refuse("an entry's name cannot be read");
    std::string_view path(name);
    if (archive_entry_filetype(entry) == AE_IFDIR || path.ends_with('/')) return {};
    while (path.starts_with('/') || path.starts_with("./")) path.remove_prefix(path.starts_with('/') ? 1 : 2);
    return path.find('\n') == std::string_view::npos ? path : std::string_view();
}

// Paths one after the other in one text: a vector of strings would take several times their size.
class PathList {
public:
    void add(std::string_view path) {
        const std::size_t start = text_.size();
        append_utf8(text_, path);
        if (text_.size() > kListedBytesMax)
            refuse(fmt::format("its paths are longer than {} MiB together", kListedBytesMax >> 20U));
        if (places_.size() == kListedPathsMax)
            refuse(fmt::format("it has more than {} paths", kListedPathsMax));
        places_.push_back({start, text_.size() - start});
    }

    std::string sorted() {
        const auto view = [this](const Place& place) {
            return std::string_view(text_).substr(place.start, place.size);
        };
        std::sort(places_.begin(), places_.end(),
                  [&](const Place& left, const Place& right) { return view(left) < view(right); });
        std::string lines;
        lines.reserve(text_.size() + places_.size());
        std::string_view last;
        for (const Place& place : places_) {
            if (view(place) == last) continue;
            last = view(place);
            lines += last;
            lines += '\n';
        }
        return lines;
    }

private:
    struct Place {
        std::size_t start = 0;
        std::size_t size = 0;
    };
    std::string text_;
    std::vector<Place> places_;
};

}  // namespace

std::string list_paths(ByteSource& tar, Compression compression) {
    TarReader reader(tar, compression);
    PathList paths;
    while (archive_entry* entry = reader.next()) {
        if (const std::string_view path = listed_path(entry); !path.empty()) paths.add(path);
    }
    return paths.sorted();
}

}  // namespace repotool::formats::deb
