// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/fleet/transports.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/fs/external.hpp"
#include "core/fs/host.hpp"
#include "core/fs/tree.hpp"
#include "sync/directory/directory_mirror.hpp"
#include "sync/exec/exec_mirror.hpp"
#include "sync/mirror/local_state.hpp"
#include "sync/protocol/agent_mirror.hpp"
#include "sync/rsync/rsync_mirror.hpp"

namespace repotool::sync {
namespace {

using base::Error;
using base::ErrorKind;

// The host of the mirror's address, as Debian's mirrors name their trace files, or this host.
std::string trace_name(const std::string& url) {
    const auto begin = url.find("://");
    if (begin == std::string::npos) return fs::host_name();
    const std::string rest = url.substr(begin + 3);
    std::string host = rest.substr(0, rest.find('/'));
    std::replace(host.begin(), host.end(), ':', '_');
    return host.empty() || host.starts_with('.') ? fs::host_name() : host;
}

MirrorOptions options_of(const MirrorConfig& config) {
    return {config.url, config.formats, config.bytes_per_second, trace_name(config.url)};
}

std::unique_ptr<Mirror> open_directory(const MirrorConfig& config, Missing missing) {
    const std::string& path = config.target;
    const auto status = fs::external_status(path, fs::FinalSymlink::follow);
    if (status && status->kind != fs::Kind::directory)
        throw Error(ErrorKind::usage, "use target", path, "it is no directory");
    if (!status && missing == Missing::make) {
        const std::string parent = fs::parent_path(path);
        if (!fs::external_status(parent.empty() ? "/" : parent, fs::FinalSymlink::follow)) {
            throw Error(ErrorKind::usage, "use target", path, "the directory above it does not exist",
                        "is its filesystem mounted?");
        }
        fs::make_external_directory(path, 0755);
    }
    return open_directory_mirror(config.name, path, options_of(config));
}

std::unique_ptr<Mirror> open_agent(const MirrorConfig& config) {
    AgentConnectionOptions options;
    options.command = ssh_arguments(config.target, config.ssh);
    options.patience = std::chrono::seconds(std::max<std::int64_t>(config.ssh.timeout_seconds, 1));
    options.mirror = options_of(config);
    return make_agent_mirror(config.name, std::move(options));
}

std::unique_ptr<Mirror> open_rsync(const MirrorConfig& config) {
    if (config.check.empty()) {
        throw Error(ErrorKind::usage, "use target", config.target,
                    "an rsync daemon's mirror is looked at through its web server, and no 'check' is given",
                    "name it in mirrors.yaml");
    }
    RsyncOptions options;
    options.password_file = config.rsync.password_file;
    options.bytes_per_second = config.bytes_per_second;
    auto tree = std::make_unique<RsyncTree>(RsyncClient(parse_rsync_target(config.target), options),
                                            local_state_directory(config.target));
    return std::make_unique<RsyncMirror>(config.name, std::move(tree), options_of(config), config.check);
}

std::unique_ptr<Mirror> open_exec(const MirrorConfig& config) {
    ExecOptions options;
    options.timeout_seconds = static_cast<int>(config.exec.timeout_seconds);
    options.mirror = options_of(config);
    return make_exec_mirror(config.name, exec_words(config.target), std::move(options),
                            local_state_directory(config.target));
}

}  // namespace

bool is_directory_target(const std::string& target) {
    return target.find("://") == std::string::npos && !is_exec_target(target);
}

void check_target(const std::string& target) {
    if (target.empty())
        throw Error(ErrorKind::usage, "use target", target, "it is empty", "give a directory");
    if (is_directory_target(target)) return;
    if (target.starts_with("ssh://")) {
        ssh_arguments(target, {});
        return;
    }
    if (is_rsync_target(target)) {
        parse_rsync_target(target);
        return;
    }
    if (is_exec_target(target)) {
        exec_words(target);
        return;
    }
    throw Error(ErrorKind::usage, "use target", target, "this kind of target is not supported",
                "give a directory, ssh://user@host/dir, rsync://host/module/dir or exec:COMMAND");
}

std::unique_ptr<Mirror> open_mirror(const MirrorConfig& config, Missing missing) {
    check_target(config.target);
    if (config.target.starts_with("ssh://")) return open_agent(config);
    if (is_rsync_target(config.target)) return open_rsync(config);
    if (is_exec_target(config.target)) return open_exec(config);
    return open_directory(config, missing);
}

}  // namespace repotool::sync
