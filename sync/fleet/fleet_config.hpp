// SPDX-License-Identifier: GPL-3.0-or-later
// mirrors.yaml: which mirrors there are, and what is asked of them. Strict, as repotool.yaml: an unknown key,
// a duplicate or a wrong type is base::Error (usage) with file, line and column.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sync/fleet/policy.hpp"

namespace repotool::sync {

struct SshConfig {
    std::uint64_t port = 0;             // 0: what ssh thinks
    std::string identity;               // private key file; "": what ssh thinks
    std::string known_hosts;            // "": what ssh thinks
    std::vector<std::string> command;   // in the place of ssh: its arguments come after these
    std::int64_t timeout_seconds = 60;  // how long the agent may say nothing
};

struct RsyncConfig {
    std::string password_file;  // "": the module asks for no password
};

struct ExecConfig {
    std::int64_t timeout_seconds = 3600;  // of one step
};

struct MirrorConfig {
    std::string name;    // unique; for people and journals
    std::string target;  // directory, ssh://, rsync://, exec:
    std::string url;     // address of its root, for mirrorlist files
    std::string check;   // address that it is looked at through; "": nobody looks
    MirrorPolicy policy;
    std::vector<std::string> formats;    // empty: all
    std::uint64_t bytes_per_second = 0;  // 0: no limit
    SshConfig ssh;
    RsyncConfig rsync;
    ExecConfig exec;
};

struct FleetConfig {
    std::string source;                     // "": the site that mirrors.yaml lies in
    std::vector<std::string> repositories;  // empty: all but test repositories
    std::string keyring;                    // file of public keys; "": signatures are not checked
    FleetPolicy policy;
    std::vector<MirrorConfig> mirrors;
};

// `file` is the path that it came from: relative paths in it are taken from its directory.
FleetConfig read_fleet_config(const std::string& text, const std::string& file);

}  // namespace repotool::sync
