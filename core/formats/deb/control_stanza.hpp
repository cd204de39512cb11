// SPDX-License-Identifier: GPL-3.0-or-later
// One deb822 stanza, read with libapt-pkg: the file `control` of a .deb (deb-control(5)), a .dsc, a .changes.
#pragma once

#include <apt-pkg/tagfile.h>

#include <string>
#include <string_view>
#include <vector>

namespace repotool::formats::deb {

struct ControlField {
    std::string_view name;
    std::string_view raw;  // what follows the colon, without white space at the end
};

// Whether relations must be such as apt can parse: one broken Depends in Packages makes apt refuse the whole
// index that it is in.
enum class Relations { unchecked, checked };

class ControlStanza {
public:
    // Throws base::Error (input) unless `text` is exactly one stanza that dpkg can read, too: no field twice,
    // no blank or control characters where they would end a line.
    ControlStanza(std::string text, Relations relations);
    ControlStanza(const ControlStanza&) = delete;
    ControlStanza& operator=(const ControlStanza&) = delete;

    const std::vector<ControlField>& fields() const noexcept { return fields_; }
    // The field called `name` in any case, or nullptr.
    const ControlField* find(std::string_view name) const noexcept;
    // Its value without white space around it; empty when there is none.
    std::string_view value(std::string_view name) const noexcept;
    // The size of the text in bytes.
    std::size_t size() const noexcept { return text_.size(); }

private:
    void scan();
    void check_relations() const;

    std::string text_;  // the views of fields_ and section_ point into it
    pkgTagSection section_;
    std::vector<ControlField> fields_;
};

// Field names do not depend on case.
bool is_same_field(std::string_view left, std::string_view right) noexcept;

}  // namespace repotool::formats::deb
