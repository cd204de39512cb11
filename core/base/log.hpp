// SPDX-License-Identifier: GPL-3.0-or-later
// Talk to people: one line per message on standard error, never on standard output.
#pragma once

#include <string_view>

namespace repotool::base {

enum class Verbosity { quiet, normal, verbose };

void set_verbosity(Verbosity verbosity) noexcept;
// Shown unless quiet.
void info(std::string_view message);
// Shown with -v.
void detail(std::string_view message);
// Always shown, as "warning: …".
void warn(std::string_view message);

}  // namespace repotool::base
