// SPDX-License-Identifier: GPL-3.0-or-later
// mirrorsync serve --stdio --root DIR: the agent on a mirror, made for an SSH forced command.
#include "core/base/byte_stream.hpp"
#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/fs/external.hpp"
#include "sync/cli/commands.hpp"
#include "sync/directory/manifest_check.hpp"
#include "sync/protocol/agent.hpp"

namespace repotool::sync::cli {
namespace {

constexpr std::uint64_t kKeyringLimit = std::uint64_t{16} << 20U;

}  // namespace

void add_serve(CLI::App& app, ServeOptions& options) {
    app.add_flag("--stdio", options.stdio, "talk on standard input and output")->required();
    app.add_option("--root", options.root, "the mirror's document root; nothing outside it is touched")
        ->type_name("DIR")
        ->required();
    app.add_option("--keyring", options.keyring,
                   "public keys, one of which must have signed what is brought, whoever brings it")
        ->type_name("FILE");
    app.add_option("--repository", options.repositories, "carry this repository (repeatable; default: all)")
        ->type_name("NAME")
        ->allow_extra_args(false);
    app.add_option("--format", options.formats, "carry this format: deb or rpm (repeatable; default: both)")
        ->type_name("FORMAT")
        ->check(CLI::IsMember({"deb", "rpm"}))
        ->allow_extra_args(false);
    app.add_option("--idle-timeout", options.idle_timeout,
                   "end, and let go of all locks, when the coordinator is silent for so long")
        ->type_name("TIME")
        ->capture_default_str();
}

int serve(const ServeOptions& options) {
    AgentOptions agent;
    agent.root = options.root;
    agent.repositories = options.repositories;
    agent.formats = options.formats;
    const auto patience = std::chrono::seconds(base::parse_duration(options.idle_timeout));
    agent.heartbeat = std::chrono::milliseconds(patience) / 10;
    if (!options.keyring.empty())
        agent.check_signature = make_signature_check(fs::read_external(options.keyring, kKeyringLimit));
    sync::serve(base::standard_stream(patience), agent);
    return 0;
}

}  // namespace repotool::sync::cli
