// SPDX-License-Identifier: GPL-3.0-or-later
// Decompresses one gzip member, xz stream or zstd frame from a source. Exactly one: what comes after it is
// refused, because dpkg and apt do not agree on it.
#pragma once

#include <cstdint>
#include <memory>

#include "core/formats/deb/byte_source.hpp"

namespace repotool::formats::deb {

// What data.tar of old packages may have besides; libarchive reads those (data_archive.hpp).
enum class Compression { none, gzip, xz, zstd, bzip2, lzma };

struct DecoderLimits {
    const char* part = "control.tar";  // for messages
    // The decoder of `xz -9` wants a little over 64 MiB. Only the part of its window that is written becomes
    // memory in use.
    std::uint64_t xz_memory = std::uint64_t{66} << 20U;
};

// A source of the open bytes of `compressed`, which must outlive it. Its read() throws base::Error (input)
// for damaged or unfinished streams, and for streams that want a larger window than the limits, or than `zstd
// --ultra` uses. For bzip2 and lzma it is the compressed bytes.
std::unique_ptr<ByteSource> decompress(Compression compression, ByteSource& compressed,
                                       const DecoderLimits& limits = {});

}  // namespace repotool::formats::deb
