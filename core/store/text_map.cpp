// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/text_map.hpp"

#include <bit>
#include <cstring>

#include "core/base/checksum.hpp"
#include "core/base/error.hpp"

namespace repotool::store {
namespace {

constexpr std::string_view kBeginning = "repotool text map 1\n";
constexpr std::size_t kMostEntries = std::size_t{1} << 24U;

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie in memory");

[[noreturn]] void refuse(const char* reason) {
    throw base::Error(base::ErrorKind::integrity, "read", "text map", reason);
}

class Writer {
public:
    template <typename Number>
    void number(Number value) {
        bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    void text(std::string_view value) {
        number(static_cast<std::uint32_t>(value.size()));
        bytes_ += value;
    }
    void texts(const std::vector<std::string>& values) {
        number(static_cast<std::uint32_t>(values.size()));
        for (const auto& value : values) text(value);
    }
    std::string take() {
        number(base::checksum64(bytes_));
        return std::move(bytes_);
    }

private:
    std::string bytes_{kBeginning};
};

class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}
    template <typename Number>
    Number number() {
        Number value{};
        const std::string_view raw = take(sizeof value);
        std::memcpy(&value, raw.data(), sizeof value);
        return value;
    }
    std::size_t count() {
        const auto value = number<std::uint32_t>();
        if (value > kMostEntries) refuse("it has too many entries");
        return value;
    }
    std::string text() { return std::string(take(count())); }
    std::vector<std::string> texts() {
        std::vector<std::string> values;
        for (std::size_t left = count(); left > 0; --left) values.push_back(text());
        return values;
    }
    bool is_empty() const { return rest_.empty(); }

private:
    std::string_view take(std::size_t size) {
        if (rest_.size() < size) refuse("it is too short");
        const std::string_view found = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return found;
    }
    std::string_view rest_;
};

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
    Writer writer;
    writer.texts(map.packs);
    writer.texts(map.compressions);
    writer.number(static_cast<std::uint32_t>(map.parts.size()));
    for (const auto& part : map.parts) {
        writer.number(part.pack);
        writer.number(part.offset);
        writer.number(part.length);
        writer.number(part.checksum);
        for (const auto checksum : part.frames) writer.number(checksum);
        writer.text(part.state);
    }
    return writer.take();
}

TextMap parse_text_map(std::string_view bytes) {
    Reader reader(proven(bytes));
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
    if (!reader.is_empty()) refuse("something follows it");
    return map;
}

}  // namespace repotool::store
