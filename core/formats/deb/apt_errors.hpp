// SPDX-License-Identifier: GPL-3.0-or-later
// libapt-pkg piles its complaints up in a stack per thread; whoever calls it empties the stack afterwards.
#pragma once

#include <string>

namespace repotool::formats::deb {

// Everything on the stack, joined with "; ", and the stack empty.
std::string take_apt_errors();

}  // namespace repotool::formats::deb
