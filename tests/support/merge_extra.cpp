// SPDX-License-Identifier: GPL-3.0-or-later
// `merge_extra TYPE FILE…` prints what the product makes of these files of extra RPM metadata, in their order.
#include <iostream>
#include <string>

#include "core/base/error.hpp"
#include "core/formats/rpm/extra_metadata.hpp"

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    try {
        std::string text;
        for (int i = 2; i < argc; ++i) {
            text = repotool::formats::rpm::merge_extra(
                argv[1], text, repotool::formats::rpm::read_extra(argv[1], argv[i], argv[i]));
        }
        std::cout << text;
    } catch (const repotool::base::Error& error) {
        std::cerr << error.what() << '\n';
        return repotool::base::exit_code(error.kind());
    }
    return std::cout.good() ? 0 : 1;
}
