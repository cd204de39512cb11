// SPDX-License-Identifier: GPL-3.0-or-later
// One rsync daemon, asked through rsync's own binary. Every run is given the names that it is about
// (--files-from): nothing is walked, and no list of all files crosses the wire. What goes wrong is
// base::Error (network; storage where the other side is full) with what rsync said.
#pragma once

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/fs/filesystem.hpp"

namespace repotool::sync {

struct RsyncTarget {
    std::string host;  // [user@]host[:port]
    std::string module;
    std::string directory;  // below the module; "" for its root

    std::string url() const;  // of the directory
};
bool is_rsync_target(const std::string& target);
// "rsync://[user@]host[:port]/module[/directory]". Throws base::Error (usage).
RsyncTarget parse_rsync_target(const std::string& target);

struct RsyncOptions {
    std::string password_file{};         // "": the module asks for none
    std::uint64_t bytes_per_second = 0;  // 0: no limit
    unsigned connect_seconds = 10;
    unsigned silence_seconds = 60;  // so long without a byte: it is given up
};

class RsyncClient {
public:
    RsyncClient(RsyncTarget target, RsyncOptions options)
        : target_(std::move(target)), options_(std::move(options)) {}

    const RsyncTarget& target() const noexcept { return target_; }
    // Runs that are under way end with Cancelled when `stop` is asked for.
    void set_stop(std::stop_token stop) { stop_ = std::move(stop); }

    struct Entry {
        fs::Kind kind = fs::Kind::other;
        std::uint64_t size = 0;
        std::string link;  // target of a symlink
    };
    using Entries = std::map<std::string, Entry>;  // by path below the target's directory

    // What is at `paths`; what is not there is not in the answer. A path with a slash at its end asks for
    // what is in that directory, too; "/" is the target's directory. `scratch` is an empty directory.
    Entries look(const std::vector<std::string>& paths, const std::string& scratch);
    // The same, copied to `root`/<the target's directory>.
    Entries pull(const std::vector<std::string>& paths, const std::string& root);
    // Files, symlinks and directories (without what is in them) of `root`; each file is written beside its
    // name and renamed, and so is each symlink that takes the place of another.
    enum class Modes { kept, published };  // as they are, or 0644 and 0755
    void push(const std::vector<std::string>& paths, const std::string& root, Modes modes);
    // Removes `paths`, directories with what is in them. `scratch` is an empty directory.
    void remove(const std::vector<std::string>& paths, const std::string& scratch);
    // Those of `paths` that are missing or have other bytes than in `root`, read and hashed on both sides.
    std::vector<std::string> differing(const std::vector<std::string>& paths, const std::string& root);
    // Can what the symlink `path` leads to be read? False where the daemon changed its target (munge
    // symlinks).
    bool follows(const std::string& path, const std::string& scratch);

private:
    enum class Vanished { fine, failure };
    std::string run(std::vector<std::string> arguments, const std::vector<std::string>& paths,
                    const std::string& from, const std::string& to, Vanished vanished);
    Entries parse(std::string_view output) const;
    std::string module_url() const;
    std::vector<std::string> below_module(const std::vector<std::string>& paths) const;
    [[noreturn]] void fail(int exit_code, const std::string& said) const;

    RsyncTarget target_;
    RsyncOptions options_;
    std::stop_token stop_;
};

}  // namespace repotool::sync
