// SPDX-License-Identifier: GPL-3.0-or-later
// Answers for a test how the product orders versions: `version_order deb` and `version_order rpm` read lines
// "one<TAB>other" and prints -1, 0 or 1 for each.
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <string_view>

#include "core/formats/deb/version.hpp"
#include "core/formats/rpm/version.hpp"

int main(int argc, char** argv) {
    using Order = std::function<int(std::string_view, std::string_view)>;
    const std::map<std::string, Order> orders{{"deb", repotool::formats::deb::compare_versions},
                                              {"rpm", repotool::formats::rpm::compare_versions}};
    const auto order = orders.find(argc == 2 ? argv[1] : "");
    if (order == orders.end()) {
        std::cerr << "usage: version_order deb|rpm <pairs\n";
        return 2;
    }
    std::string line;
    while (std::getline(std::cin, line)) {
        const auto tab = line.find('\t');
        if (tab == std::string::npos) return 2;
        const std::string_view text(line);
        const int answer = order->second(text.substr(0, tab), text.substr(tab + 1));
        std::cout << (answer > 0) - (answer < 0) << '\n';
    }
    return std::cout.good() ? 0 : 1;
}
