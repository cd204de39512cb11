// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/mirror/local_state.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/fs/external.hpp"

namespace repotool::sync {
namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

std::string local_state_directory(const std::string& what) {
    std::string home = environment("XDG_STATE_HOME");
    if (home.empty() && !environment("HOME").empty()) home = environment("HOME") + "/.local/state";
    if (home.empty()) {
        throw base::Error(base::ErrorKind::usage, "keep a journal for", what,
                          "neither XDG_STATE_HOME nor HOME is set");
    }
    const std::string path = fmt::format("{}/mirrorsync/{}", home, base::sha256_hex(what));
    fs::make_external_directory(path, 0700);
    return path;
}

}  // namespace repotool::sync
