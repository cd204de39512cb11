// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes of a file that many disks share until one of them writes: thousands of crash states hold one copy.
#pragma once

#include <memory>
#include <string>

namespace repotool::fs::testing {

class SharedBytes {
public:
    SharedBytes() = default;
    SharedBytes(std::string text);  // NOLINT: a value like the one that it holds

    const std::string& text() const;
    std::size_t size() const { return text().size(); }
    // For writing: what others share stays as it is.
    std::string& edit();
    // SHA-256 in hex, computed once for all who share.
    std::string digest() const;

private:
    struct Content {
        std::string text;
        std::string digest;
    };
    std::shared_ptr<Content> content_;  // null: nothing
};

}  // namespace repotool::fs::testing
