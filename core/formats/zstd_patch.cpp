// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/zstd_patch.hpp"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <new>
#include <stdexcept>

#include "core/base/error.hpp"

namespace repotool::formats {
namespace {

constexpr int kLevel = 3;
constexpr int kSmallestWindow = 10;  // logarithms, as zstd has them
constexpr int kLargestWindow = 27;

// So wide that the whole of the base can be referred to.
int window_for(std::size_t size) {
    return std::clamp(static_cast<int>(std::bit_width(size)), kSmallestWindow, kLargestWindow);
}

[[noreturn]] void damaged(const std::string& reason) {
    throw base::Error(base::ErrorKind::integrity, "apply", "patch", reason);
}

}  // namespace

std::string make_patch(std::string_view base, std::string_view text) {
    const std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
    if (!context) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, window_for(base.size() + text.size()));
    if (!base.empty()) {
        ZSTD_CCtx_setParameter(context.get(), ZSTD_c_enableLongDistanceMatching, 1);
        ZSTD_CCtx_refPrefix(context.get(), base.data(), base.size());
    }
    std::string patch(ZSTD_compressBound(text.size()), '\0');
    const std::size_t size =
        ZSTD_compress2(context.get(), patch.data(), patch.size(), text.data(), text.size());
    if (ZSTD_isError(size) != 0) throw std::runtime_error(fmt::format("zstd: {}", ZSTD_getErrorName(size)));
    patch.resize(size);
    return patch;
}

std::string apply_patch(std::string_view base, std::string_view patch, std::uint64_t size) {
    const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
    if (!context) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kLargestWindow);
    if (!base.empty()) ZSTD_DCtx_refPrefix(context.get(), base.data(), base.size());
    std::string text(size, '\0');
    const std::size_t got =
        ZSTD_decompressDCtx(context.get(), text.data(), text.size(), patch.data(), patch.size());
    if (ZSTD_isError(got) != 0) damaged(fmt::format("its zstd data is damaged ({})", ZSTD_getErrorName(got)));
    if (got != size) damaged(fmt::format("expected a text of {} bytes, found {}", size, got));
    return text;
}

}  // namespace repotool::formats
