// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/protocol/source_server.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/formats/zstd_patch.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"
#include "core/store/names.hpp"
#include "sync/protocol/wire.hpp"

namespace repotool::sync {
namespace {

using base::Error;
using base::ErrorKind;
using nlohmann::json;

constexpr std::uint64_t kLargestPart = std::uint64_t{256} << 20U;
// A base of this size and more is not worth its reading.
constexpr std::uint64_t kLargestBase = std::uint64_t{32} << 20U;

const char* kind_of(const fs::Status& status) {
    switch (status.kind) {
        case fs::Kind::file:
            return "file";
        case fs::Kind::directory:
            return "directory";
        case fs::Kind::symlink:
            return "symlink";
        default:
            return "other";
    }
}

}  // namespace

SourceServer::SourceServer(Channel& channel, const store::GenerationReader& source, RateLimit& limit,
                           std::stop_token stop)
    : channel_(channel), source_(source), limit_(limit), stop_(std::move(stop)) {}

bool SourceServer::answer(const json& message) {
    bool is_mine = true;
    wire::reading(channel_.name(), [&] {
        if (message.contains("parts")) {
            send_parts(message.at("parts"));
        } else if (message.contains("pieces")) {
            send_pieces(message.at("pieces"));
        } else if (message.contains("status")) {
            send_status(message.at("status").get<std::string>());
        } else if (message.contains("list")) {
            send_names(message.at("list").get<std::string>());
        } else if (message.contains("halt")) {
            channel_.send({{"halted", true}});
        } else {
            is_mine = false;
        }
    });
    return is_mine;
}

// An agent gets what the generation may name, whoever it is.
void SourceServer::check(const std::string& path) const {
    const std::string& repository = source_.manifest().repository;
    const auto lies_in = [&](const std::string& directory) {
        return path == directory || path.starts_with(directory + "/");
    };
    const bool is_ours = lies_in(store::layout::generations(repository)) ||
                         lies_in(store::layout::meta(repository)) ||
                         lies_in(store::layout::pool(repository)) || lies_in("keys");
    if (is_ours && store::is_safe_path(path)) return;
    throw Error(ErrorKind::integrity, "give", path,
                "the agent asked for a file that is not of this generation",
                "look at the mirror: its mirrorsync is not ours");
}

json SourceServer::head_of(const std::string& path) {
    check(path);
    const auto status = source_.filesystem().status(source_.path_of(path));
    if (!status) return {{"missing", true}};
    return {{"missing", false}, {"kind", kind_of(*status)}, {"size", status->size}, {"mtime", status->mtime}};
}

void SourceServer::send_status(const std::string& path) {
    channel_.send(head_of(path));
}

void SourceServer::send_names(const std::string& path) {
    check(path);
    channel_.send({{"names", source_.filesystem().list(source_.path_of(path))}});
}

void SourceServer::send_parts(const json& parts) {
    for (const auto& part : parts) {
        if (stop_.stop_requested()) {
            channel_.send({{"cancel", true}});
            was_halted_ = true;
            return;
        }
        const std::string path = part.at("path").get<std::string>();
        const std::string base_path = part.at("base").get<std::string>();
        json head = head_of(path);
        std::string patch;
        if (!head.at("missing").get<bool>()) {
            fs::Filesystem& filesystem = source_.filesystem();
            const std::string text = fs::read_file(filesystem, source_.path_of(path), kLargestPart);
            std::string base;
            if (!base_path.empty()) {
                check(base_path);
                const auto status = filesystem.status(source_.path_of(base_path));
                if (status && status->kind == fs::Kind::file && status->size < kLargestBase)
                    base = fs::read_file(filesystem, source_.path_of(base_path), kLargestBase);
            }
            patch = formats::make_patch(base, text);
            head["is_patch"] = !base.empty();
            head["length"] = patch.size();
        }
        channel_.send(head);
        for (std::size_t at = 0; at < patch.size(); at += kPieceOfData) {
            const auto bytes = std::string_view(patch).substr(at, kPieceOfData);
            channel_.send_data(bytes);
            limit_.spend(bytes.size(), stop_);
        }
    }
}

void SourceServer::send_pieces(const json& pieces) {
    was_halted_ = false;
    for (const auto& piece : pieces) {
        if (is_halted()) return;
        if (stop_.stop_requested()) {
            channel_.send({{"cancel", true}});
            return;
        }
        if (!send_piece(piece)) return;
    }
}

// False where the agent wants no more of it.
bool SourceServer::send_piece(const json& piece) {
    const std::string path = piece.at(0).get<std::string>();
    auto offset = piece.at(1).get<std::uint64_t>();
    const auto length = piece.at(2).get<std::uint64_t>();
    json head = head_of(path);
    if (head.at("missing").get<bool>() || head.at("kind") != "file") {
        channel_.send({{"missing", true}});
        return true;
    }
    const auto size = head.at("size").get<std::uint64_t>();
    std::uint64_t left = offset >= size ? 0 : std::min(length, size - offset);
    head["length"] = left;
    channel_.send(head);
    if (left != length) return true;  // the agent knows what to say of that
    const auto file = source_.filesystem().open_read(source_.path_of(path));
    std::string buffer(std::min<std::uint64_t>(kPieceOfData, left), '\0');
    while (left > 0) {
        const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), left);
        const std::size_t count = file->read_at({buffer.data(), wanted}, offset);
        if (count == 0)
            throw Error(ErrorKind::integrity, "read", path, "it became shorter while it was read");
        channel_.send_data({buffer.data(), count});
        offset += count;
        left -= count;
        if (is_halted()) return false;
        limit_.spend(count, stop_);
    }
    return true;
}

// An agent that gave up in the middle says so, and reads on until it is answered.
bool SourceServer::is_halted() {
    if (was_halted_ || !channel_.was_told("halt")) return was_halted_;
    channel_.send({{"halted", true}});
    was_halted_ = true;
    return true;
}

}  // namespace repotool::sync
