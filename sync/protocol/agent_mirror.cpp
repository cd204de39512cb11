// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/protocol/agent_mirror.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"
#include "sync/protocol/channel.hpp"
#include "sync/protocol/source_server.hpp"
#include "sync/protocol/wire.hpp"

namespace repotool::sync {
namespace {

using base::Error;
using base::ErrorKind;
using nlohmann::json;

class AgentMirror : public Mirror {
public:
    AgentMirror(std::string name, AgentConnectionOptions options)
        : name_(std::move(name)), options_(std::move(options)), limit_(options_.mirror.bytes_per_second) {}

    const std::string& name() const override { return name_; }

    bool try_lock(const std::string& repository) override {
        locked_.clear();
        const json ticket = call("lock", {{"repository", repository}, {"after", ticket_}});
        if (ticket.is_null()) return false;
        take(ticket);
        locked_ = repository;
        return true;
    }
    std::string lock_holder(const std::string& repository) override {
        return call("holder", {{"repository", repository}}).get<std::string>();
    }
    void unlock() noexcept override {
        locked_.clear();
        ticket_ = 0;
        if (!channel_) return;
        try {
            call("unlock", json::object());
        } catch (const std::exception& error) {  // the agent lets go of it when the connection ends
            base::detail(error.what());
        }
    }

    MirrorState state(const std::string& repository) override {
        MirrorState state;
        read(call("state", {{"repository", repository}}),
             [&](const json& it) { state = wire::state_from(it); });
        return state;
    }
    std::vector<UnfinishedTransaction> unfinished(const std::string& repository) override {
        std::vector<UnfinishedTransaction> found;
        read(call("unfinished", {{"repository", repository}}), [&](const json& it) {
            for (const auto& item : it)
                found.push_back({item.at("id").get<std::string>(), item.at("prepared").get<bool>()});
        });
        return found;
    }

    PlanSummary plan(const StageRequest& request) override {
        json parts = json::object();
        for (const auto& [format, reference] : request.source.manifest().formats)
            parts[reference.sha256] = part(request.source, reference.sha256);
        PlanSummary plan;
        read(serve_call("plan",
                        {{"transaction", wire::to_json(request.identity)},
                         {"manifest", request.source.manifest_text()},
                         {"date", request.source.manifest().date},
                         {"parts", parts}},
                        request),
             [&](const json& it) { plan = wire::plan_from(it); });
        is_planned_ = true;
        return plan;
    }
    Transferred stage(const StageRequest& request) override {
        connect();
        if (!is_planned_) plan(request);  // the connection is a new one
        const std::uint64_t before = channel_->sent();
        Transferred transferred;
        read(serve_call("stage", json::object(), request),
             [&](const json& it) { transferred = wire::transferred_from(it); });
        transferred.bytes = channel_->sent() - before;
        return transferred;
    }
    void verify(const StageRequest& request) override {
        serve_call("verify", json::object(), request);
        if (!request.check_signature) return;
        // The agent has compared each byte with this manifest; here is who signed it.
        request.check_signature(request.source.manifest_text(),
                                request.source.pointer_file("MANIFEST.asc").value_or(""));
    }
    void prepare(const TransactionIdentity& identity) override { call("prepare", of(identity)); }
    void flip(const TransactionIdentity& identity, Flip kind) override {
        json arguments = of(identity);
        arguments["canary"] = kind == Flip::canary;
        call("flip", arguments);
    }
    void probe(const TransactionIdentity& identity) override { call("probe", of(identity)); }
    void finish(const TransactionIdentity& identity, base::UnixSeconds settled) override {
        json arguments = of(identity);
        arguments["settled"] = settled;
        call("finish", arguments);
    }
    void abort(const TransactionIdentity& identity, Undo undo) override {
        json arguments = of(identity);
        arguments["keep_content"] = undo == Undo::keep_content;
        call("abort", arguments);
    }
    void set_lagging(const std::string& repository, const std::string& reason) override {
        if (locked_.empty() && ticket_ != 0) {  // what is there now is somebody else's
            throw Error(ErrorKind::conflict, "mark", name_, "the lock is lost", "run the same command again");
        }
        call("set_lagging", {{"repository", repository}, {"reason", reason}});
    }
    void clear_lagging(const std::string& repository) override {
        call("clear_lagging", {{"repository", repository}});
    }
    Inspection inspect(const std::string& repository) override {
        Inspection inspection;
        read(call("inspect", {{"repository", repository}}),
             [&](const json& it) { inspection = wire::inspection_from(it); });
        return inspection;
    }
    Retired retire(const RetireRequest& request) override {
        Retired retired;
        read(call("retire", {{"request", wire::to_json(request)}}),
             [&](const json& it) { retired = wire::retired_from(it); });
        return retired;
    }

private:
    static json of(const TransactionIdentity& identity) { return {{"transaction", wire::to_json(identity)}}; }

    static std::string part(const store::GenerationReader& source, const std::string& sha256) {
        return fs::read_file(source.filesystem(),
                             source.path_of(store::layout::tree_part(source.manifest().repository, sha256)));
    }

    template <typename Read>
    void read(const json& result, const Read& action) const {
        wire::reading(name_, [&] { action(result); });
    }

    void connect() {
        if (channel_) return;
        is_planned_ = false;
        channel_ = std::make_unique<Channel>(start(), name_, options_.heartbeat);
        const json answer = talk({{"call", "open"},
                                  {"protocol", kProtocol},
                                  {"base_url", options_.mirror.base_url},
                                  {"formats", options_.mirror.formats},
                                  {"trace", options_.mirror.trace_name}},
                                 nullptr);
        const std::int64_t ours = base::system_clock().real_now() * 1000;
        if (!locked_.empty()) lock_again();
        read(answer, [&](const json& it) { check_clock(it.at("time_ms").get<std::int64_t>() - ours); });
    }

    void lock_again() {
        const json ticket = talk({{"call", "lock"}, {"repository", locked_}, {"after", ticket_}}, nullptr);
        if (ticket.is_null()) {
            throw Error(ErrorKind::conflict, "go on with", name_,
                        "the connection broke, and the lock is lost", "run the same command again");
        }
        take(ticket);
    }

    void take(const json& ticket) {
        read(ticket, [&](const json& it) { ticket_ = it.get<std::uint64_t>(); });
    }

    std::unique_ptr<base::ByteStream> start() const {
        try {
            return base::start_program(options_.command, name_, options_.patience);
        } catch (const base::SystemError& error) {
            throw Error(ErrorKind::network, "talk to", name_, error.what());
        }
    }

    // Clients judge dates by their own clocks; an agent's is a sign of what its host does to them.
    void check_clock(std::int64_t skew_ms) const {
        constexpr std::int64_t kMost = 60'000;
        if (skew_ms > -kMost && skew_ms < kMost) return;
        base::warn(fmt::format("{}: its clock differs by {} s", name_, skew_ms / 1000));
    }

    json call(const std::string& name, json arguments) {
        connect();
        arguments["call"] = name;
        return talk(arguments, nullptr);
    }

    // While the agent is at it, it may ask for what it needs of the source.
    json serve_call(const std::string& name, json arguments, const StageRequest& request) {
        connect();
        arguments["call"] = name;
        SourceServer server(*channel_, request.source, limit_, request.stop);
        return talk(arguments, &server, request.stop);
    }

    // What the agent says of itself, apart from what went wrong between us.
    struct RemoteFailure {
        Error error;
    };
    RemoteFailure at_the_agent(const Error& error) const {
        const std::string object = error.object() == "mirror" ? name_ : error.object();
        return {Error(error.kind(), error.verb(), object, error.reason(), error.hint())};
    }

    // Agents have a heart: one that is at work for long is heard of all the time.
    json receive(const std::stop_token& stop) {
        constexpr std::chrono::milliseconds kStep{200};
        while (!channel_->wait(kStep)) {
            if (stop.stop_requested()) {
                channel_.reset();  // the agent sees that, and ends
                throw Cancelled();
            }
            if (base::monotonic_ms() - channel_->last_heard_ms() > options_.patience.count()) {
                throw Error(ErrorKind::network, "talk to", name_,
                            fmt::format("it said nothing for {} s", options_.patience.count() / 1000));
            }
        }
        return channel_->receive_message();
    }

    // A channel that failed is not used again: nobody knows what is on its way.
    json talk(const json& message, SourceServer* server, const std::stop_token& stop = {}) {
        try {
            channel_->send(message);
            json answer = receive(stop);
            while (server != nullptr && server->answer(answer)) answer = receive(stop);
            if (answer.contains("result")) return answer.at("result");
            if (answer.contains("cancelled")) throw Cancelled();
            wire::reading(name_, [&] { throw at_the_agent(wire::error_from(answer.at("error"))); });
            return {};
        } catch (const RemoteFailure& failure) {
            throw failure.error;
        } catch (const Cancelled&) {
            throw;
        } catch (...) {
            channel_.reset();
            throw;
        }
    }

    std::string name_;
    AgentConnectionOptions options_;
    RateLimit limit_;
    std::unique_ptr<Channel> channel_;
    bool is_planned_ = false;   // in this connection
    std::string locked_;        // the repository whose lock we have
    std::uint64_t ticket_ = 0;  // drawn with it, until unlock(); 0: none
};

[[noreturn]] void bad_target(const std::string& target) {
    throw Error(ErrorKind::usage, "use target", target, "expected ssh://user@host/directory");
}

}  // namespace

std::unique_ptr<Mirror> make_agent_mirror(const std::string& name, AgentConnectionOptions options) {
    return std::make_unique<AgentMirror>(name, std::move(options));
}

std::vector<std::string> ssh_arguments(const std::string& target, const SshConfig& config) {
    constexpr std::string_view kScheme = "ssh://";
    const std::string rest = target.substr(std::min(target.size(), kScheme.size()));
    const auto slash = rest.find('/');
    if (!target.starts_with(kScheme) || slash == std::string::npos || slash == 0) bad_target(target);
    std::string host = rest.substr(0, slash);
    const std::string directory = rest.substr(slash);
    std::string port = config.port == 0 ? "" : std::to_string(config.port);
    if (const auto colon = host.find(':'); colon != std::string::npos) {
        port = host.substr(colon + 1);
        host.resize(colon);
    }
    const auto is_good = [](const std::string& text, std::string_view more) {
        return !text.empty() && !text.starts_with('-') && std::all_of(text.begin(), text.end(), [&](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   more.find(c) != std::string_view::npos;
        });
    };
    // The directory is one word of the other side's shell, if there is one.
    if (!is_good(host, "@.-_") || !is_good(directory, "/.-_+") || (!port.empty() && !is_good(port, "")))
        bad_target(target);
    std::vector<std::string> arguments = config.command;
    if (arguments.empty()) {
        arguments = {"ssh", "-T",
                     "-x",  "-a",
                     "-o",  "BatchMode=yes",
                     "-o",  "StrictHostKeyChecking=yes",
                     "-o",  "ConnectTimeout=10",
                     "-o",  "ServerAliveInterval=15",
                     "-o",  "ServerAliveCountMax=3",
                     "-o",  "ClearAllForwardings=yes"};
        if (!config.identity.empty()) {
            for (const auto& word :
                 {std::string("-i"), config.identity, std::string("-o"), std::string("IdentitiesOnly=yes")})
                arguments.push_back(word);
        }
        if (!config.known_hosts.empty()) {
            arguments.emplace_back("-o");
            arguments.push_back("UserKnownHostsFile=" + config.known_hosts);
        }
    }
    if (!port.empty()) {
        arguments.emplace_back("-p");
        arguments.push_back(port);
    }
    arguments.push_back(host);
    for (const char* word : {"mirrorsync", "serve", "--stdio", "--root"}) arguments.emplace_back(word);
    arguments.push_back(directory);
    return arguments;
}

}  // namespace repotool::sync
