// SPDX-License-Identifier: GPL-3.0-or-later
// What the host says of itself and of who runs this process.
#pragma once

#include <string>

namespace repotool::fs {

std::string host_name();
std::string user_name();  // of the effective uid; the number where it has no name
int process_id() noexcept;
unsigned effective_user() noexcept;
unsigned processor_count() noexcept;
// A value of /etc/os-release, such as VERSION_CODENAME; empty where it is not there.
std::string os_release(const std::string& key);
// Architecture of this machine as dpkg names it (amd64) and as rpm does (x86_64).
std::string deb_architecture();
std::string rpm_architecture();

}  // namespace repotool::fs
