// SPDX-License-Identifier: GPL-3.0-or-later
// Runs of stanzas, read with libapt-pkg; private to the readers of Packages, Sources and Translation-en.
#pragma once

#include <apt-pkg/tagfile.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace repotool::formats::deb {

// One stanza of `index`, the `number`th from 1 on.
class StanzaReader {
public:
    StanzaReader(const pkgTagSection& section, const char* index, std::size_t number)
        : section_(section), index_(index), number_(number) {}

    // Throws base::Error (integrity) that names the index and the stanza.
    [[noreturn]] void refuse(std::string reason) const;
    // The field's value; refused where it is missing or empty.
    std::string required(const char* field) const;
    std::string optional(const char* field) const;
    std::uint64_t required_size(const char* field) const;
    // `text` as a number of bytes; `field` for the message.
    std::uint64_t size_of(const char* field, const std::string& text) const;

private:
    const pkgTagSection& section_;
    const char* index_;
    std::size_t number_;
};

// Calls `visit` for each stanza of `text`, a run of whole stanzas. Throws base::Error (integrity).
void for_each_stanza(const char* index, std::string_view text,
                     const std::function<void(const StanzaReader&)>& visit);

}  // namespace repotool::formats::deb
