// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/rsync/rsync_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/base/error.hpp"
#include "core/base/subprocess.hpp"
#include "core/base/text.hpp"
#include "core/fs/tree.hpp"
#include "sync/mirror/mirror.hpp"

namespace repotool::sync {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::string_view kScheme = "rsync://";
constexpr const char* kItems = "--out-format=%i|%l|%L|%n";  // what it did, size, " -> target", name

// rsync(1), EXIT VALUES
constexpr int kPartial = 23;
constexpr int kVanished = 24;
constexpr int kKilled = 124;

bool is_plain(const std::string& text, std::string_view more) {
    return !text.empty() && !text.starts_with('-') && std::all_of(text.begin(), text.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               more.find(c) != std::string_view::npos;
    });
}

// The line that says it best: rsync's last one only sums up.
std::string complaint_in(const std::string& text) {
    std::string first;
    for (const auto& line : base::split(text, '\n')) {
        const std::string told(base::trim(line));
        if (told.starts_with("@ERROR")) return base::printable(told);
        if (first.empty() && !told.empty()) first = base::printable(told);
    }
    return first;
}

std::string list_of(const std::vector<std::string>& paths) {
    std::string text;
    for (const auto& path : paths) text.append(path).push_back('\0');
    return text;
}

}  // namespace

std::string RsyncTarget::url() const {
    return fmt::format("{}{}/{}", kScheme, host, fs::join_path(module, directory));
}

bool is_rsync_target(const std::string& target) {
    return target.starts_with(kScheme);
}

RsyncTarget parse_rsync_target(const std::string& text) {
    const auto bad = [&] {
        return Error(ErrorKind::usage, "use target", text,
                     "expected rsync://[user@]host[:port]/module[/directory]");
    };
    if (!is_rsync_target(text)) throw bad();
    std::string rest = text.substr(kScheme.size());
    while (rest.ends_with('/')) rest.pop_back();
    const auto slash = rest.find('/');
    if (slash == std::string::npos) throw bad();
    RsyncTarget target{rest.substr(0, slash), rest.substr(slash + 1), ""};
    if (const auto end = target.module.find('/'); end != std::string::npos) {
        target.directory = target.module.substr(end + 1);
        target.module.resize(end);
    }
    const auto parts = base::split(target.directory, '/');
    const bool leaves =
        std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part == ".." || part == "."; });
    const bool is_good = is_plain(target.host, "@.-_:[]") && is_plain(target.module, ".-_+") && !leaves &&
                         (target.directory.empty() || is_plain(target.directory, "/.-_+"));
    if (!is_good) throw bad();
    return target;
}

std::string RsyncClient::module_url() const {
    return fmt::format("{}{}/{}/", kScheme, target_.host, target_.module);
}

// Names to be read are given from the module's root on: rsync 3.5.0 as a daemon without chroot loses those
// that are asked for below another directory.
std::vector<std::string> RsyncClient::below_module(const std::vector<std::string>& paths) const {
    std::vector<std::string> all;
    const std::string top = target_.directory.empty() ? "." : target_.directory;
    for (const auto& path : paths)
        all.push_back(path == "/" ? top + "/" : fs::join_path(target_.directory, path));
    return all;
}

std::string RsyncClient::run(std::vector<std::string> arguments, const std::vector<std::string>& paths,
                             const std::string& from, const std::string& to, Vanished vanished) {
    constexpr int kDeadlineSeconds = 7 * 86400;  // silence ends it long before
    // Small messages go back and forth: without TCP_NODELAY each run takes 0.1 s longer.
    std::vector<std::string> all{"rsync",
                                 "--from0",
                                 "--files-from=-",
                                 "--relative",
                                 "--links",
                                 "--sockopts=TCP_NODELAY",
                                 fmt::format("--contimeout={}", options_.connect_seconds),
                                 fmt::format("--timeout={}", options_.silence_seconds)};
    if (!options_.password_file.empty()) all.push_back("--password-file=" + options_.password_file);
    if (options_.bytes_per_second != 0) {
        constexpr std::uint64_t kUnit = 1024;
        all.push_back(
            fmt::format("--bwlimit={}", std::max<std::uint64_t>(1, options_.bytes_per_second / kUnit)));
    }
    all.insert(all.end(), arguments.begin(), arguments.end());
    all.push_back(from);
    all.push_back(to);
    base::ProcessResult result;
    try {
        result = base::run_session(all, list_of(paths), {"LC_ALL=C"}, {kDeadlineSeconds, stop_});
    } catch (const base::SystemError& error) {
        throw Error(ErrorKind::usage, "run", "rsync", error.reason(), "install rsync on this host");
    }
    if (result.exit_code != 0 && stop_.stop_requested()) throw Cancelled();
    const bool is_fine =
        result.exit_code == 0 || (result.exit_code == kVanished && vanished == Vanished::fine);
    if (!is_fine) fail(result.exit_code, result.standard_error + result.standard_output);
    return std::move(result.standard_output);
}

void RsyncClient::fail(int exit_code, const std::string& said) const {
    const bool is_full =
        said.find("No space left") != std::string::npos || said.find("quota exceeded") != std::string::npos;
    std::string reason = exit_code == kKilled ? "rsync did not end" : complaint_in(said);
    if (reason.empty()) reason = fmt::format("rsync ended with exit code {}", exit_code);
    std::string hint;
    if (said.find("read only") != std::string::npos) hint = "the module needs 'read only = no'";
    if (said.find("write only") != std::string::npos) hint = "the module needs 'write only = no'";
    if (said.find("auth failed") != std::string::npos)
        hint = "give the user's password with 'password_file' of mirrors.yaml";
    if (is_full) hint = "make room there, or let mirrorsync retire what is old";
    throw Error(is_full ? ErrorKind::storage : ErrorKind::network, "talk to", target_.url(), reason, hint);
}

RsyncClient::Entries RsyncClient::parse(std::string_view output) const {
    constexpr std::size_t kFields = 3;
    Entries entries;
    const std::string prefix = target_.directory.empty() ? "" : target_.directory + "/";
    for (const auto& line : base::split(output, '\n')) {
        std::array<std::size_t, kFields> bars{};
        std::size_t next = 0;
        for (auto& bar : bars) {
            bar = line.find('|', next);
            if (bar == std::string::npos) break;
            next = bar + 1;
        }
        if (bars.back() == std::string::npos || bars.back() == 0 || bars[0] < 2) continue;
        Entry entry;
        const char type = line[1];
        entry.kind = type == 'f'   ? fs::Kind::file
                     : type == 'd' ? fs::Kind::directory
                     : type == 'L' ? fs::Kind::symlink
                                   : fs::Kind::other;
        std::from_chars(line.data() + bars[0] + 1, line.data() + bars[1], entry.size);
        const std::string link = line.substr(bars[1] + 1, bars[2] - bars[1] - 1);
        constexpr std::string_view kArrow = " -> ";
        if (link.starts_with(kArrow)) entry.link = link.substr(kArrow.size());
        std::string path = line.substr(bars[2] + 1);
        while (path.ends_with('/')) path.pop_back();
        if (!path.starts_with(prefix) || path == ".") continue;
        entries.insert_or_assign(path.substr(prefix.size()), std::move(entry));
    }
    return entries;
}

RsyncClient::Entries RsyncClient::look(const std::vector<std::string>& paths, const std::string& scratch) {
    return parse(run({"--dry-run", "--dirs", "--times", "--no-implied-dirs", "--ignore-missing-args", kItems},
                     below_module(paths), module_url(), scratch + "/", Vanished::fine));
}

RsyncClient::Entries RsyncClient::pull(const std::vector<std::string>& paths, const std::string& root) {
    return parse(run({"--dirs", "--times", "--perms", "--ignore-times", "--no-implied-dirs",
                      "--ignore-missing-args", "--whole-file", kItems},
                     below_module(paths), module_url(), root + "/", Vanished::fine));
}

void RsyncClient::push(const std::vector<std::string>& paths, const std::string& root, Modes modes) {
    if (paths.empty()) return;
    // --ignore-times: a note that is written twice in one second, as long as before, is another one.
    std::vector<std::string> arguments{"--dirs",         "--times",           "--omit-dir-times", "--perms",
                                       "--ignore-times", "--no-implied-dirs", "--whole-file"};
    if (modes == Modes::published) arguments.emplace_back("--chmod=D755,F644");
    run(arguments, paths, root + "/", target_.url() + "/", Vanished::failure);
}

void RsyncClient::remove(const std::vector<std::string>& paths, const std::string& scratch) {
    if (paths.empty()) return;
    run({"--dirs", "--no-implied-dirs", "--delete-missing-args", "--force"}, paths, scratch + "/",
        target_.url() + "/", Vanished::fine);
}

std::vector<std::string> RsyncClient::differing(const std::vector<std::string>& paths,
                                                const std::string& root) {
    std::vector<std::string> found;
    if (paths.empty()) return found;
    const std::string prefix = target_.directory.empty() ? "" : target_.directory + "/";
    const std::string output = run({"--dry-run", "--checksum", "--no-implied-dirs", kItems}, paths,
                                   root + "/", target_.url() + "/", Vanished::failure);
    for (const auto& line : base::split(output, '\n')) {
        if (const auto name = line.rfind('|'); name != std::string::npos)
            found.push_back(line.substr(name + 1));
    }
    return found;
}

bool RsyncClient::follows(const std::string& path, const std::string& scratch) {
    const std::string output =
        run({"--dry-run", "--copy-links", "--no-implied-dirs", "--ignore-missing-args", kItems},
            below_module({path}), module_url(), scratch + "/", Vanished::fine);
    return parse(output).contains(path);
}

}  // namespace repotool::sync
