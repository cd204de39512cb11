// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/rpm/comps_group.hpp"

#include <algorithm>

namespace repotool::formats::rpm {
namespace {

const XmlChild* find_package_list(const XmlOutline& group) {
    const auto found = std::find_if(group.children.begin(), group.children.end(),
                                    [](const XmlChild& child) { return child.element == "packagelist"; });
    return found == group.children.end() ? nullptr : &*found;
}

// The white space before `place`: new elements are set as their neighbours are.
std::string_view space_before(std::string_view text, std::size_t place) {
    const auto end_of_other = text.substr(0, place).find_last_not_of(" \t\n");
    return text.substr(end_of_other + 1, place - end_of_other - 1);
}

std::string add_to_list(std::string_view list, const std::vector<XmlChild>& packages,
                        const std::string& shown_as) {
    const XmlOutline outline = outline_xml(list, shown_as);
    const bool has_neighbour = !outline.children.empty();
    const std::string_view neighbour = has_neighbour ? outline.children.back().bytes : outline.opening;
    const auto place = static_cast<std::size_t>(neighbour.data() - list.data());
    std::string result(list.substr(0, place + neighbour.size()));
    const bool is_closed = !has_neighbour && outline.opening.ends_with("/>");
    if (is_closed) result.replace(result.size() - 2, 2, ">");
    const std::string space(has_neighbour ? space_before(list, place) : "\n      ");
    for (const auto& package : packages) result += space + std::string(package.bytes);
    result += is_closed ? "\n    </packagelist>" : list.substr(place + neighbour.size());
    return result;
}

}  // namespace

std::vector<XmlChild> packages_of(std::string_view group, const std::string& shown_as) {
    const XmlOutline outline = outline_xml(group, shown_as);
    const XmlChild* list = find_package_list(outline);
    return list == nullptr ? std::vector<XmlChild>() : outline_xml(list->bytes, shown_as).children;
}

std::string add_packages(std::string_view group, const std::vector<XmlChild>& packages,
                         const std::string& shown_as) {
    const XmlOutline outline = outline_xml(group, shown_as);
    const XmlChild* list = find_package_list(outline);
    const std::string_view old_list = list != nullptr ? list->bytes : std::string_view();
    // Every group has an <id>, so there is a last child.
    const std::string_view neighbour = list != nullptr ? old_list : outline.children.back().bytes;
    const auto place = static_cast<std::size_t>(neighbour.data() - group.data());
    if (list != nullptr) {
        return std::string(group.substr(0, place)) + add_to_list(old_list, packages, shown_as) +
               std::string(group.substr(place + neighbour.size()));
    }
    return std::string(group.substr(0, place + neighbour.size())) + "\n    " +
           add_to_list("<packagelist/>", packages, shown_as) +
           std::string(group.substr(place + neighbour.size()));
}

}  // namespace repotool::formats::rpm
