// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/protocol/agent.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/fs/external.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"
#include "core/store/names.hpp"
#include "sync/directory/directory_mirror.hpp"
#include "sync/protocol/channel.hpp"
#include "sync/protocol/remote_source.hpp"
#include "sync/protocol/wire.hpp"

namespace repotool::sync {
namespace {

using base::Error;
using base::ErrorKind;
using nlohmann::json;

class Agent {
public:
    Agent(Channel& channel, const AgentOptions& options) : channel_(channel), options_(options) {}

    void run() {
        for (;;) {
            const auto frame = channel_.receive();
            if (frame.kind == Channel::Kind::end) return;
            const json message = json::parse(frame.bytes, nullptr, false);
            if (frame.kind != Channel::Kind::message || !message.is_object())
                throw Error(ErrorKind::network, "understand", channel_.name(), "it sent no message");
            if (message.contains("halt")) {  // of a call that has ended
                channel_.send({{"halted", true}});
                continue;
            }
            handle(message);
        }
    }

private:
    // A channel that fails ends the agent, and with it lock and session.
    void handle(const json& message) {
        json answer;
        try {
            wire::reading(channel_.name(), [&] { answer = call(message); });
        } catch (const Cancelled&) {
            settle();
            answer = {{"cancelled", true}};
        } catch (const Error& error) {
            settle();
            answer = {{"error", wire::to_json(error)}};
        }
        channel_.send(answer);
    }

    // What was announced and is still on its way must not be taken for something else.
    void settle() {
        if (source_) source_->halt();
    }

    json call(const json& message) {
        using Call = json (Agent::*)(const json&);
        static const std::map<std::string, Call> calls{{"open", &Agent::open},
                                                       {"lock", &Agent::lock},
                                                       {"unlock", &Agent::unlock},
                                                       {"holder", &Agent::holder},
                                                       {"state", &Agent::state},
                                                       {"unfinished", &Agent::unfinished},
                                                       {"plan", &Agent::plan},
                                                       {"stage", &Agent::stage},
                                                       {"verify", &Agent::verify},
                                                       {"prepare", &Agent::prepare},
                                                       {"flip", &Agent::flip},
                                                       {"probe", &Agent::probe},
                                                       {"finish", &Agent::finish},
                                                       {"abort", &Agent::abort},
                                                       {"set_lagging", &Agent::set_lagging},
                                                       {"clear_lagging", &Agent::clear_lagging},
                                                       {"inspect", &Agent::inspect},
                                                       {"retire", &Agent::retire}};
        const std::string name = message.at("call").get<std::string>();
        const auto found = calls.find(name);
        if (found == calls.end() || (!mirror_ && name != "open")) {
            throw Error(ErrorKind::usage, "serve", name, "there is no such call",
                        "do both sides have the same version of mirrorsync?");
        }
        return {{"result", (this->*found->second)(message)}};
    }

    json open(const json& message) {
        const int protocol = message.at("protocol").get<int>();
        if (protocol != kProtocol) {
            throw Error(ErrorKind::usage, "serve", "the coordinator",
                        fmt::format("it speaks protocol {}, this agent {}", protocol, kProtocol),
                        "use the same version of mirrorsync on both sides");
        }
        MirrorOptions mirror;
        message.at("base_url").get_to(mirror.base_url);
        message.at("trace").get_to(mirror.trace_name);
        message.at("formats").get_to(mirror.formats);
        if (!options_.formats.empty()) mirror.formats = options_.formats;
        const bool is_plain =
            mirror.trace_name.find('/') == std::string::npos && !mirror.trace_name.starts_with('.');
        const bool is_address = mirror.base_url.find_first_of(" \t\r\n") == std::string::npos;
        if (!is_plain || !is_address)
            throw Error(ErrorKind::usage, "serve", "the coordinator",
                        "its options are not as they should be");
        mirror_ = open_directory_mirror("mirror", options_.root, mirror);
        return {{"protocol", kProtocol},
                {"version", REPOTOOL_VERSION},
                {"time_ms", base::system_clock().real_now() * 1000}};
    }

    std::string repository_of(const json& message) const {
        const std::string name = message.at("repository").get<std::string>();
        store::check_repository_name(name);
        const auto& allowed = options_.repositories;
        if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
            throw Error(ErrorKind::policy, "serve", name, "this mirror does not carry that repository",
                        "its administrator says what it carries: serve --repository");
        }
        return name;
    }

    TransactionIdentity identity_of(const json& message) const {
        repository_of(message.at("transaction"));
        return wire::identity_from(message.at("transaction"));
    }

    // The ticket, or null where somebody else has the lock. `after`: the ticket of a connection that broke.
    // Who had the lock in between may have changed anything.
    json lock(const json& message) {
        if (!mirror_->try_lock(repository_of(message))) return nullptr;
        const auto after = message.at("after").get<std::uint64_t>();
        if (after != 0 && mirror_->ticket() != after && mirror_->ticket() != after + 1) {
            mirror_->unlock();
            throw Error(ErrorKind::conflict, "go on with", "mirror",
                        "the connection broke, and another mirrorsync has taken over",
                        "run the same command again");
        }
        return mirror_->ticket();
    }
    json unlock(const json& /*message*/) {
        mirror_->unlock();
        end_session();
        return nullptr;
    }
    json holder(const json& message) { return mirror_->lock_holder(repository_of(message)); }
    json state(const json& message) { return wire::to_json(mirror_->state(repository_of(message))); }

    json unfinished(const json& message) {
        json list = json::array();
        for (const auto& item : mirror_->unfinished(repository_of(message)))
            list.push_back({{"id", item.id}, {"prepared", item.is_prepared}});
        return list;
    }

    // The manifest and its parts come with the call; the rest is asked for.
    json plan(const json& message) {
        end_session();
        const TransactionIdentity identity = identity_of(message);
        const std::string directory =
            store::layout::generation(identity.repository, identity.version.generation);
        source_.emplace(channel_, mirror_->filesystem());
        const auto date = message.at("date").get<std::int64_t>();
        const std::string manifest = message.at("manifest").get<std::string>();
        if (base::sha256_hex(manifest) != identity.id())
            throw Error(ErrorKind::integrity, "read", "MANIFEST", "it is not that of the transaction");
        source_->put(directory + "/MANIFEST", manifest, date);
        for (const auto& [digest, text] : message.at("parts").items())
            source_->put(store::layout::tree_part(identity.repository, digest), text.get<std::string>(),
                         date);
        generation_.emplace(*source_, "", identity.repository, identity.version.generation);
        request_.emplace(StageRequest{identity, *generation_, options_.check_signature, {}, &*source_});
        return wire::to_json(mirror_->plan(*request_));
    }

    StageRequest& session() {
        if (!request_)
            throw Error(ErrorKind::conflict, "serve", "the coordinator", "no transaction is planned",
                        "run the same command again");
        return *request_;
    }

    void end_session() {
        request_.reset();
        generation_.reset();
        source_.reset();
    }

    json stage(const json& /*message*/) { return wire::to_json(mirror_->stage(session())); }
    json verify(const json& /*message*/) {
        mirror_->verify(session());
        return nullptr;
    }
    json prepare(const json& message) {
        mirror_->prepare(identity_of(message));
        end_session();
        return nullptr;
    }
    json flip(const json& message) {
        mirror_->flip(identity_of(message), message.at("canary").get<bool>() ? Flip::canary : Flip::final);
        return nullptr;
    }
    json probe(const json& message) {
        mirror_->probe(identity_of(message));
        return nullptr;
    }
    json finish(const json& message) {
        mirror_->finish(identity_of(message), message.at("settled").get<base::UnixSeconds>());
        return nullptr;
    }
    json abort(const json& message) {
        end_session();
        mirror_->abort(identity_of(message),
                       message.at("keep_content").get<bool>() ? Undo::keep_content : Undo::everything);
        return nullptr;
    }
    json set_lagging(const json& message) {
        mirror_->set_lagging(repository_of(message), message.at("reason").get<std::string>());
        return nullptr;
    }
    json clear_lagging(const json& message) {
        mirror_->clear_lagging(repository_of(message));
        return nullptr;
    }
    json inspect(const json& message) { return wire::to_json(mirror_->inspect(repository_of(message))); }
    json retire(const json& message) {
        return wire::to_json(mirror_->retire(wire::retire_request_from(message.at("request"))));
    }

    Channel& channel_;
    const AgentOptions& options_;
    std::unique_ptr<DirectoryMirror> mirror_;
    // From plan() to prepare(), abort() or unlock().
    std::optional<RemoteSource> source_;
    std::optional<store::GenerationReader> generation_;
    std::optional<StageRequest> request_;
};

}  // namespace

void serve(std::unique_ptr<base::ByteStream> stream, const AgentOptions& options) {
    Channel channel(std::move(stream), "the coordinator", options.heartbeat);
    Agent(channel, options).run();
}

}  // namespace repotool::sync
