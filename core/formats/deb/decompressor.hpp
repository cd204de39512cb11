// SPDX-License-Identifier: GPL-3.0-or-later
// Decompresses one gzip member, xz stream or zstd frame from a source. Exactly one: what comes after it is
// refused, because dpkg and apt do not agree on it.
#pragma once

#include <memory>

#include "core/formats/deb/byte_source.hpp"

namespace repotool::formats::deb {

enum class Compression { none, gzip, xz, zstd };

// A source of the open bytes of `compressed`, which must outlive it. Its read() throws base::Error (input)
// for damaged or unfinished streams, and for streams that want a larger window than `dpkg-deb -z9` and `zstd
// --ultra` use.
std::unique_ptr<ByteSource> decompress(Compression compression, ByteSource& compressed);

}  // namespace repotool::formats::deb
