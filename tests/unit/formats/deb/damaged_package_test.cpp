// SPDX-License-Identifier: GPL-3.0-or-later
#include <catch2/catch.hpp>

#include "core/base/time.hpp"
#include "deb_builder.hpp"

using namespace repotool;
using namespace repotool::formats::deb::testing;

namespace {

std::string small_package(const char* compressor) {
    const TemporaryDirectory directory;
    build_with_dpkg(directory / "small.deb", good_control(), {std::string("-Z") + compressor});
    return read_file(directory / "small.deb");
}

}  // namespace

TEST_CASE("a package that is truncated at any offset is refused, quickly") {
    const TemporaryDirectory directory;
    for (const char* compressor : {"gzip", "xz", "zstd"}) {
        const std::string whole = small_package(compressor);
        const std::int64_t start = base::monotonic_ms();
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const std::string reason = refusal_of(directory, std::string_view(whole).substr(0, size));
            if (reason == "accepted") FAIL(compressor << " was accepted with " << size << " bytes");
        }
        CHECK((base::monotonic_ms() - start) / static_cast<std::int64_t>(whole.size()) < 20);
        CHECK(refusal_of(directory, whole) == "accepted");
    }
}

TEST_CASE("a package with any byte changed is refused or still the same package") {
    const TemporaryDirectory directory;
    for (const char* compressor : {"none", "gzip", "xz", "zstd"}) {
        const std::string whole = small_package(compressor);
        const std::size_t step = whole.size() > 4000 ? 7 : 1;
        for (std::size_t i = 0; i < whole.size(); i += step) {
            for (const unsigned int mask : {0x01U, 0x80U, 0xffU}) {
                std::string changed = whole;
                changed[i] = static_cast<char>(static_cast<unsigned char>(changed[i]) ^ mask);
                if (refusal_of(directory, changed) != "accepted") continue;
                // Without a compressor nothing protects the text, and names may change within their grammar.
                if (std::string_view(compressor) == "none") continue;
                if (read_bytes(directory, changed).file_name != "hello_1.0-1_all.deb")
                    FAIL(compressor << " at " << i);
            }
        }
    }
}
