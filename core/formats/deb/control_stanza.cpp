// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/deb/control_stanza.hpp"

#include <apt-pkg/deblistparser.h>
#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <array>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/formats/deb/apt_errors.hpp"

namespace repotool::formats::deb {
namespace {

// More than any package has, and few enough that looking for doubles costs nothing.
constexpr unsigned int kFieldsMax = 1000;

[[noreturn]] void refuse(std::string reason) {
    throw base::Error(base::ErrorKind::input, "read", "control", std::move(reason));
}

// What libapt-pkg would let through and dpkg, or the next reader of the index, would not.
void check_lines(std::string_view text) {
    if (text.empty()) refuse("it is empty");
    if (!text.ends_with('\n')) refuse("its last line has no end");
    for (const char character : text) {
        const auto code = static_cast<unsigned char>(character);
        const bool is_control = code < 0x20 || code == 0x7f;
        if (is_control && character != '\n' && character != '\t') {
            refuse(fmt::format("it has the control character 0x{:02x}", code));
        }
    }
    bool has_ended = false;
    std::size_t number = 1;
    for (std::size_t start = 0; start < text.size(); ++number) {
        const std::size_t end = text.find('\n', start);
        const std::string_view line = text.substr(start, end - start);
        start = end + 1;
        if (!line.empty() && has_ended) refuse("it has more than one stanza");
        has_ended = line.empty();
        if (number == 1 && (line.empty() || line.front() == ' ' || line.front() == '\t')) {
            refuse("it does not start with a field");
        }
        if (!line.empty() && base::trim(line).empty()) refuse(fmt::format("its line {} is blank", number));
    }
}

bool is_field_name(std::string_view name) {
    if (name.empty() || name.front() == '#' || name.front() == '-') return false;
    return std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f && c != ':'; });
}

bool parses_as_relations(std::string_view value) {
    const char* start = value.data();
    const char* stop = value.data() + value.size();
    while (start != stop) {
        std::string package;
        std::string version;
        unsigned int operation = 0;
        start =
            debListParser::ParseDepends(start, stop, package, version, operation, false, false, false, "all");
        if (start == nullptr) return false;
        if (package.empty() || std::string_view("+-.${}").find(package.front()) != std::string_view::npos)
            return false;
    }
    return true;
}

}  // namespace

bool is_same_field(std::string_view left, std::string_view right) noexcept {
    return left.size() == right.size() && strncasecmp(left.data(), right.data(), left.size()) == 0;
}

ControlStanza::ControlStanza(std::string text, Relations relations) : text_(std::move(text)) {
    check_lines(text_);
    text_ += '\n';  // libapt-pkg wants the empty line that ends a stanza
    scan();
    if (relations == Relations::checked) check_relations();
}

void ControlStanza::scan() {
    const bool is_complete = section_.Scan(text_.data(), text_.size());
    const std::string complaints = take_apt_errors();
    if (!is_complete) refuse(complaints.empty() ? "a field has no colon" : complaints);
    if (section_.size() != text_.size()) refuse("it has more than one stanza");
    if (section_.Count() > kFieldsMax) refuse(fmt::format("it has more than {} fields", kFieldsMax));
    for (unsigned int i = 0; i < section_.Count(); ++i) {
        const char* start = nullptr;
        const char* stop = nullptr;
        section_.Get(start, stop, i);
        const std::string_view whole(start, static_cast<std::size_t>(stop - start));
        const std::string_view name = base::trim(whole.substr(0, whole.find(':')));
        if (!is_field_name(name)) refuse(fmt::format("'{}' is not a field's name", name));
        if (find(name) != nullptr) refuse(fmt::format("it has the field {} twice", name));
        const APT::StringView raw = section_.FindRaw(APT::StringView(name.data(), name.size()));
        fields_.push_back({name, std::string_view(raw.data(), raw.size())});
    }
}

void ControlStanza::check_relations() const {
    for (const char* name : {"Depends", "Pre-Depends", "Recommends", "Suggests", "Enhances", "Conflicts",
                             "Breaks", "Replaces", "Provides"}) {
        const bool is_good = parses_as_relations(value(name));
        take_apt_errors();
        if (!is_good) refuse(fmt::format("the field {} is not a list of packages", name));
    }
}

const ControlField* ControlStanza::find(std::string_view name) const noexcept {
    const auto found = std::find_if(fields_.begin(), fields_.end(), [name](const ControlField& field) {
        return is_same_field(field.name, name);
    });
    return found == fields_.end() ? nullptr : &*found;
}

std::string_view ControlStanza::value(std::string_view name) const noexcept {
    const ControlField* field = find(name);
    return field == nullptr ? std::string_view() : base::trim(field->raw);
}

}  // namespace repotool::formats::deb
