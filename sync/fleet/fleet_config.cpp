// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/fleet/fleet_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/names.hpp"
#include "core/yaml/yaml_reader.hpp"
#include "sync/fleet/transports.hpp"
#include "sync/rsync/rsync_client.hpp"

namespace repotool::sync {
namespace {

using yaml::YamlReader;

constexpr std::uint64_t kMost = 1'000'000;

// "500k", "20M", "1G": bytes, in powers of 1024.
std::uint64_t size(const YamlReader& value) {
    const std::string text = value.text();
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    const std::string unit(stop, end);
    static const std::vector<std::string> units{"", "k", "M", "G"};
    const auto found = std::find(units.begin(), units.end(), unit);
    if (error != std::errc() || found == units.end() || number == 0 || number > (std::uint64_t{1} << 30U))
        value.fail(fmt::format("'{}' is no size, such as 500k, 20M or 1G", text));
    return number << (10U * static_cast<unsigned>(found - units.begin()));
}

std::vector<std::string> formats(const YamlReader& value) {
    auto list = value.texts();
    for (const auto& format : list) {
        if (format != "deb" && format != "rpm")
            value.fail(fmt::format("'{}' is no format: deb and rpm are", format));
    }
    if (list.empty()) value.fail("a mirror without any format carries nothing");
    return list;
}

std::string url(const YamlReader& value) {
    const std::string text = value.text();
    const bool is_good = (text.starts_with("http://") || text.starts_with("https://")) &&
                         text.find_first_of(" \t\r\n") == std::string::npos;
    if (!is_good) value.fail(fmt::format("'{}' is no address, such as https://host/path", text));
    return text;
}

std::string name(const YamlReader& value) {
    const std::string text = value.text();
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '-' || c == '_';
    };
    if (text.empty() || text.size() > 64 || text.starts_with('.') ||
        !std::all_of(text.begin(), text.end(), is_plain))
        value.fail(fmt::format("'{}' is no name: letters, digits, '.', '-' and '_'", text));
    return text;
}

unsigned number(const YamlReader& value) {
    return static_cast<unsigned>(value.number(kMost));
}

class Reader {
public:
    explicit Reader(const std::string& file) : directory_(fs::parent_path(file)) {}

    FleetConfig read(const YamlReader& document) {
        document.read_map({
            {"format", [&](const YamlReader& value) { check_format(value); }},
            {"source", [&](const YamlReader& value) { config_.source = path(value.text()); }},
            {"repositories", [&](const YamlReader& value) { read_repositories(value); }},
            {"keyring", [&](const YamlReader& value) { config_.keyring = path(value.text()); }},
            {"formats", [&](const YamlReader& value) { every_.formats = formats(value); }},
            {"bandwidth", [&](const YamlReader& value) { every_.bytes_per_second = size(value); }},
            {"quorum", [&](const YamlReader& value) { policy().quorum = number(value); }},
            {"deadline", [&](const YamlReader& value) { policy().deadline_seconds = value.duration(); }},
            {"lock_timeout",
             [&](const YamlReader& value) { policy().lock_timeout_seconds = value.duration(); }},
            {"retries",
             [&](const YamlReader& value) { policy().retries = static_cast<unsigned>(value.number(20)); }},
            {"parallel", [&](const YamlReader& value) { policy().parallel = std::max(number(value), 1U); }},
            {"max_delete", [&](const YamlReader& value) { policy().max_delete = value.number(UINT32_MAX); }},
            {"grace", [&](const YamlReader& value) { read_grace(value); }},
            {"keep_generations",
             [&](const YamlReader& value) { policy().retire.rules.keep_generations = number(value); }},
            {"mirrors", [&](const YamlReader& value) { mirrors_ = value; }},
        });
        if (!mirrors_) document.fail("there are no 'mirrors'");
        mirrors_->each_item([&](const YamlReader& item) { read_mirror(item); });
        check_whole(document);
        return std::move(config_);
    }

private:
    FleetPolicy& policy() { return config_.policy; }
    std::string path(const std::string& text) const {
        return text.starts_with('/') ? text : fs::join_path(directory_, text);
    }

    static void check_format(const YamlReader& value) {
        if (value.number(kMost) != 1) value.fail("this program knows format 1");
    }

    void read_repositories(const YamlReader& value) {
        value.each_item([&](const YamlReader& item) {
            const std::string repository = item.text();
            if (!store::is_repository_name(repository))
                item.fail(fmt::format("'{}' is no name of a repository", repository));
            config_.repositories.push_back(repository);
        });
    }

    void read_grace(const YamlReader& value) {
        auto& rules = policy().retire.rules;
        value.read_map({
            {"metadata", [&](const YamlReader& item) { rules.grace_metadata = item.duration(); }},
            {"packages", [&](const YamlReader& item) { rules.grace_packages = item.duration(); }},
        });
    }

    void read_mirror(const YamlReader& item) {
        MirrorConfig mirror = every_;
        bool is_unchecked = false;
        item.read_map({
            {"name", [&](const YamlReader& value) { mirror.name = name(value); }},
            {"target", [&](const YamlReader& value) { mirror.target = target(value); }},
            {"url", [&](const YamlReader& value) { mirror.url = url(value); }},
            {"check",
             [&](const YamlReader& value) {
                 is_unchecked = value.text() == "none";
                 if (!is_unchecked) mirror.check = url(value);
             }},
            {"required", [&](const YamlReader& value) { mirror.policy.is_required = value.boolean(); }},
            {"canary", [&](const YamlReader& value) { mirror.policy.is_canary = value.boolean(); }},
            {"formats", [&](const YamlReader& value) { mirror.formats = formats(value); }},
            {"bandwidth", [&](const YamlReader& value) { mirror.bytes_per_second = size(value); }},
            {"ssh", [&](const YamlReader& value) { read_ssh(value, mirror.ssh); }},
            {"rsync", [&](const YamlReader& value) { read_rsync(value, mirror.rsync); }},
            {"exec", [&](const YamlReader& value) { read_exec(value, mirror.exec); }},
        });
        if (mirror.target.empty()) item.fail("a mirror needs a 'target'");
        if (mirror.name.empty()) item.fail("a mirror needs a 'name'");
        if (mirror.check.empty() && !is_unchecked) mirror.check = mirror.url;
        if (mirror.check.empty() && is_rsync_target(mirror.target))
            item.fail(
                "an rsync:// mirror needs a 'check': what the daemon does is seen through its web server");
        if (!names_.insert(mirror.name).second)
            item.fail(fmt::format("there are two mirrors '{}'", mirror.name));
        if (!targets_.insert(mirror.target).second)
            item.fail(fmt::format("two mirrors have the target '{}'", mirror.target));
        config_.mirrors.push_back(std::move(mirror));
    }

    std::string target(const YamlReader& value) const {
        const std::string text = value.text();
        if (text.empty()) value.fail("a target is a directory, ssh://, rsync:// or exec:");
        const bool is_directory = is_directory_target(text);
        return is_directory ? path(text) : text;
    }

    void read_ssh(const YamlReader& item, SshConfig& ssh) const {
        item.read_map({
            {"port", [&](const YamlReader& value) { ssh.port = value.number(65535); }},
            {"identity", [&](const YamlReader& value) { ssh.identity = path(value.text()); }},
            {"known_hosts", [&](const YamlReader& value) { ssh.known_hosts = path(value.text()); }},
            {"command", [&](const YamlReader& value) { ssh.command = value.texts(); }},
            {"timeout", [&](const YamlReader& value) { ssh.timeout_seconds = value.duration(); }},
        });
    }

    void read_rsync(const YamlReader& item, RsyncConfig& rsync) const {
        item.read_map({
            {"password_file", [&](const YamlReader& value) { rsync.password_file = path(value.text()); }},
        });
    }

    static void read_exec(const YamlReader& item, ExecConfig& exec) {
        item.read_map({
            {"timeout",
             [&](const YamlReader& value) {
                 exec.timeout_seconds = std::max<std::int64_t>(1, value.duration());
             }},
        });
    }

    void check_whole(const YamlReader& document) const {
        if (config_.mirrors.empty()) document.fail_at("mirrors", "there is no mirror in it");
        if (config_.policy.quorum > config_.mirrors.size()) {
            document.fail_at("quorum", fmt::format("{} mirrors cannot make a quorum of {}",
                                                   config_.mirrors.size(), config_.policy.quorum));
        }
    }

    std::string directory_;
    FleetConfig config_;
    MirrorConfig every_;  // what holds for each mirror that says nothing else
    std::optional<YamlReader> mirrors_;
    std::set<std::string> names_;
    std::set<std::string> targets_;
};

}  // namespace

FleetConfig read_fleet_config(const std::string& text, const std::string& file) {
    const YamlReader document = YamlReader::parse(text, file, base::ErrorKind::usage);
    return Reader(file).read(document);
}

}  // namespace repotool::sync
