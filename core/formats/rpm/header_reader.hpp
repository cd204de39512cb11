// SPDX-License-Identifier: GPL-3.0-or-later
// The main header of a package as librpm reads it: tag in, value out, nothing of librpm in the values.
#pragma once

#include <rpm/rpmlib.h>

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace repotool::formats::rpm {

class HeaderReader {
public:
    // Reads with librpm, digests of the header checked, signatures not: no keyring, no rpmdb, no
    // configuration. Throws base::Error (input) with librpm's own words.
    HeaderReader(const std::string& path, const std::string& shown_as);

    bool has(rpmTagVal tag) const;
    // The value, of an array the first; empty when the tag is absent or no text. Translated texts give the
    // one of the C locale, whatever the environment says: an index must not depend on who makes it.
    std::string text(rpmTagVal tag) const;
    // The value, of an array the first; 0 when the tag is absent or no number.
    std::uint64_t number(rpmTagVal tag) const;
    std::vector<std::string> texts(rpmTagVal tag) const;
    std::vector<std::uint64_t> numbers(rpmTagVal tag) const;

private:
    struct Free {
        void operator()(Header header) const { headerFree(header); }
    };
    std::unique_ptr<std::remove_pointer_t<Header>, Free> header_;
};

}  // namespace repotool::formats::rpm
