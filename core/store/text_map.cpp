// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/text_map.hpp"

#include <cstring>

#include "core/base/byte_codec.hpp"
#include "core/base/checksum.hpp"
#include "core/base/error.hpp"

namespace repotool::store {
namespace {

constexpr std::string_view kBeginning = "repotool text map 1\n";
constexpr const char* kWhat = "text map";

[[noreturn]] void refuse(const char* reason) {
    throw base::Error(base::ErrorKind::integrity, "read", kWhat, reason);
}

std::string_view proven(std::string_view bytes) {
    std::uint64_t checksum = 0;
    if (!bytes.starts_with(kBeginning) || bytes.size() < kBeginning.size() + sizeof checksum)
        refuse("it does not begin as one");
    const std::string_view body = bytes.substr(0, bytes.size() - sizeof checksum);
    std::memcpy(&checksum, bytes.data() + body.size(), sizeof checksum);
    if (checksum != base::checksum64(body)) refuse("its checksum is another one");
    return body.substr(kBeginning.size());
}

}  // namespace

std::string render_text_map(const TextMap& map) {
    base::ByteWriter writer{std::string(kBeginning)};
    writer.texts(map.packs);
    writer.texts(map.compressions);
    writer.count(map.parts.size());
    for (const auto& part : map.parts) {
        writer.number(part.pack);
        writer.number(part.offset);
        writer.number(part.length);
        writer.number(part.checksum);
        for (const auto checksum : part.frames) writer.number(checksum);
        writer.text(part.state);
    }
    writer.number(base::checksum64(writer.bytes()));
    return writer.take();
}

TextMap parse_text_map(std::string_view bytes) {
    base::ByteReader reader(proven(bytes), kWhat);
    TextMap map;
    map.packs = reader.texts();
    map.compressions = reader.texts();
    for (std::size_t left = reader.count(); left > 0; --left) {
        TextPart part;
        part.pack = reader.number<std::uint32_t>();
        part.offset = reader.number<std::uint64_t>();
        part.length = reader.number<std::uint64_t>();
        part.checksum = reader.number<std::uint64_t>();
        for (std::size_t i = 0; i < map.compressions.size(); ++i)
            part.frames.push_back(reader.number<std::uint64_t>());
        part.state = reader.text();
        if (part.length > 0 && part.pack >= map.packs.size()) refuse("it names a pack that it does not list");
        map.parts.push_back(std::move(part));
    }
    reader.end();
    return map;
}

}  // namespace repotool::store
