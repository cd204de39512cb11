// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/fs/host.hpp"

#include <pwd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <thread>

#include "core/base/error.hpp"
#include "core/fs/external.hpp"

namespace repotool::fs {

std::string host_name() {
    utsname names{};
    return uname(&names) == 0 ? std::string(names.nodename) : std::string("localhost");
}

std::string user_name() {
    passwd entry{};
    passwd* found = nullptr;
    std::string buffer(16384, '\0');
    if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
        return entry.pw_name;
    return std::to_string(geteuid());
}

int process_id() noexcept {
    return getpid();
}

unsigned effective_user() noexcept {
    return geteuid();
}

unsigned processor_count() noexcept {
    return std::max(1U, std::thread::hardware_concurrency());
}

std::string os_release(const std::string& key) {
    try {
        std::istringstream lines(read_external("/etc/os-release", 65536));
        for (std::string line; std::getline(lines, line);) {
            if (!line.starts_with(key + "=")) continue;
            std::string value = line.substr(key.size() + 1);
            value.erase(
                std::remove_if(value.begin(), value.end(), [](char c) { return c == '"' || c == '\''; }),
                value.end());
            return value;
        }
    } catch (const base::Error&) {
        return {};  // a host without the file names no codename; callers have a default
    }
    return {};
}

std::string rpm_architecture() {
    utsname names{};
    return uname(&names) == 0 ? std::string(names.machine) : std::string("x86_64");
}

std::string deb_architecture() {
    static const std::map<std::string, std::string> kNames{{"x86_64", "amd64"},    {"aarch64", "arm64"},
                                                           {"i686", "i386"},       {"armv7l", "armhf"},
                                                           {"ppc64le", "ppc64el"}, {"s390x", "s390x"}};
    const auto found = kNames.find(rpm_architecture());
    return found == kNames.end() ? rpm_architecture() : found->second;
}

}  // namespace repotool::fs
