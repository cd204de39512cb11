// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/protocol/remote_source.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>

#include "core/base/error.hpp"
#include "core/formats/zstd_patch.hpp"
#include "core/fs/tree.hpp"
#include "sync/mirror/mirror.hpp"
#include "sync/protocol/wire.hpp"

namespace repotool::sync {
namespace {

using base::Error;
using base::ErrorKind;
using nlohmann::json;

constexpr std::uint64_t kLargestPart = std::uint64_t{256} << 20U;
constexpr std::size_t kPartsAtOnce = 4096;  // so that no question is larger than a frame
constexpr std::size_t kPiecesInOneQuestion = 128;

[[noreturn]] void not_for_sources() {
    throw Error(ErrorKind::internal, "write to", "source", "bug: it is read only");
}

fs::Status file_status(const json& head) {
    fs::Status status;
    const std::string kind = head.at("kind").get<std::string>();
    status.kind = kind == "file"        ? fs::Kind::file
                  : kind == "directory" ? fs::Kind::directory
                  : kind == "symlink"   ? fs::Kind::symlink
                                        : fs::Kind::other;
    head.at("size").get_to(status.size);
    head.at("mtime").get_to(status.mtime);
    return status;
}

}  // namespace

// A file of the source: from the stream, where it was announced, from memory, where it was preloaded, or
// asked for.
class RemoteFile : public fs::File {
public:
    RemoteFile(RemoteSource& source, std::string path, fs::Status status)
        : source_(source), path_(std::move(path)), status_(status) {}

    std::size_t read_at(std::span<char> buffer, std::uint64_t offset) override {
        if (const auto known = source_.known_.find(path_); known != source_.known_.end()) {
            const std::string& bytes = known->second.bytes;
            if (offset >= bytes.size()) return 0;
            const std::size_t count = std::min<std::uint64_t>(buffer.size(), bytes.size() - offset);
            std::memcpy(buffer.data(), bytes.data() + offset, count);
            return count;
        }
        if (offset >= status_.size || buffer.empty()) return 0;
        if (!source_.is_coming(path_, offset)) {
            const std::uint64_t length = std::min<std::uint64_t>(buffer.size(), status_.size - offset);
            source_.announce({{path_, offset, length}});
        }
        return source_.read_stream(buffer);
    }
    fs::Status status() override { return status_; }
    void write(std::string_view /*bytes*/) override { not_for_sources(); }
    void append_range(fs::File& /*source*/, std::uint64_t /*offset*/, std::uint64_t /*length*/) override {
        not_for_sources();
    }
    void set_mtime(std::int64_t /*seconds*/) override { not_for_sources(); }
    void set_mode(unsigned /*mode*/) override { not_for_sources(); }
    void sync() override { not_for_sources(); }
    void close() override {}
    std::string path_for_reading() const override { not_for_sources(); }

private:
    RemoteSource& source_;
    std::string path_;
    fs::Status status_;
};

// ---- asking
// -----------------------------------------------------------------------------------------------------

json RemoteSource::answer() {
    json head = channel_.receive_message();
    if (head.contains("cancel")) throw Cancelled();
    if (head.contains("error"))
        wire::reading(channel_.name(), [&] { throw wire::error_from(head.at("error")); });
    return head;
}

json RemoteSource::ask(const json& question) {
    channel_.send(question);
    return answer();
}

std::string RemoteSource::receive(std::uint64_t length) {
    std::string bytes;
    while (bytes.size() < length) {
        bytes += channel_.receive_data();
        if (bytes.size() > length)
            throw Error(ErrorKind::network, "talk to", channel_.name(), "it sent more than it promised");
    }
    return bytes;
}

void RemoteSource::put(const std::string& path, std::string bytes, std::int64_t mtime) {
    known_[path] = {std::move(bytes), mtime};
}

void RemoteSource::preload(const std::vector<Part>& parts) {
    for (std::size_t begin = 0; begin < parts.size(); begin += kPartsAtOnce) {
        const std::size_t end = std::min(parts.size(), begin + kPartsAtOnce);
        json list = json::array();
        for (std::size_t i = begin; i < end; ++i)
            list.push_back({{"path", parts[i].path}, {"base", parts[i].base}});
        channel_.send({{"parts", list}});
        std::exception_ptr damage;  // thrown when the answers that are on their way have come
        for (std::size_t i = begin; i < end; ++i) {
            const json head = answer();
            try {
                wire::reading(channel_.name(), [&] {
                    if (!head.at("missing").get<bool>()) known_[parts[i].path] = fetch(head, parts[i]);
                });
            } catch (const Error& error) {
                if (error.kind() != ErrorKind::integrity) throw;
                damage = std::current_exception();
            }
        }
        if (damage) std::rethrow_exception(damage);
    }
}

RemoteSource::Known RemoteSource::fetch(const json& head, const Part& part) {
    const auto size = head.at("size").get<std::uint64_t>();
    const auto length = head.at("length").get<std::uint64_t>();
    if (size > kLargestPart || length > kLargestPart)
        throw Error(ErrorKind::network, "read", part.path, "it is far larger than such a file may be");
    const bool is_patch = head.at("is_patch").get<bool>();
    const std::string patch = receive(length);
    const std::string base = is_patch ? fs::read_file(mirror_, part.base, kLargestPart) : "";
    return {formats::apply_patch(base, patch, size), head.at("mtime").get<std::int64_t>()};
}

// ---- the stream
// -------------------------------------------------------------------------------------------------

void RemoteSource::announce(const std::vector<Piece>& pieces) {
    if (coming_ || !asked_.empty())
        throw Error(ErrorKind::internal, "read", "source", "bug: something else is announced");
    for (const auto& piece : pieces) {
        if (piece.length != 0 && !known_.contains(piece.path)) announced_.push_back(piece);
    }
    ask_for_more();
}

// One question beyond the one that is being answered, and no more: the other side does not listen while it
// sends, so what we say must fit into a pipe.
void RemoteSource::ask_for_more() {
    if (announced_.empty() || asked_.size() >= kPiecesInOneQuestion) return;
    json list = json::array();
    while (!announced_.empty() && list.size() < kPiecesInOneQuestion) {
        const Piece& piece = announced_.front();
        list.push_back({piece.path, piece.offset, piece.length});
        asked_.push_back(piece);
        announced_.pop_front();
    }
    channel_.send({{"pieces", list}});
}

void RemoteSource::begin_piece() {
    if (coming_ || asked_.empty()) return;
    const Piece piece = asked_.front();
    asked_.pop_front();
    const json head = answer();
    ask_for_more();
    wire::reading(channel_.name(), [&] {
        if (head.at("missing").get<bool>()) throw base::SystemError(ENOENT, "read", piece.path);
        coming_ = Coming{piece.path, file_status(head), piece.offset, piece.length, {}};
        const auto length = head.at("length").get<std::uint64_t>();
        if (length != piece.length)
            throw Error(ErrorKind::integrity, "read", piece.path, "the source has less of it than expected");
    });
}

bool RemoteSource::is_coming(const std::string& path, std::uint64_t offset) {
    begin_piece();
    return coming_ && coming_->path == path && coming_->offset == offset;
}

std::size_t RemoteSource::read_stream(std::span<char> buffer) {
    begin_piece();
    Coming& coming = coming_.value();
    if (coming.buffer.empty()) {
        coming.buffer = channel_.receive_data();
        if (coming.buffer.empty() || coming.buffer.size() > coming.left)
            throw Error(ErrorKind::network, "talk to", channel_.name(),
                        "it sent other bytes than it promised");
    }
    const std::size_t count = std::min(buffer.size(), coming.buffer.size());
    std::memcpy(buffer.data(), coming.buffer.data(), count);
    coming.buffer.erase(0, count);
    coming.offset += count;
    coming.left -= count;
    if (coming.left == 0) coming_.reset();
    return count;
}

void RemoteSource::halt() {
    channel_.send({{"halt", true}});
    // Whatever was on its way comes before the answer.
    for (;;) {
        const auto frame = channel_.receive();
        if (frame.kind == Channel::Kind::end)
            throw Error(ErrorKind::network, "talk to", channel_.name(), "it closed the connection");
        if (frame.kind != Channel::Kind::message) continue;
        const json message = json::parse(frame.bytes, nullptr, false);
        if (message.is_object() && message.contains("halted")) break;
    }
    coming_.reset();
    asked_.clear();
    announced_.clear();
}

// ---- as a filesystem
// --------------------------------------------------------------------------------------------

std::optional<fs::Status> RemoteSource::status(const std::string& path) {
    if (const auto known = known_.find(path); known != known_.end()) {
        fs::Status status;
        status.kind = fs::Kind::file;
        status.size = known->second.bytes.size();
        status.mtime = known->second.mtime;
        return status;
    }
    begin_piece();
    if (coming_ && coming_->path == path) return coming_->status;
    const json head = ask({{"status", path}});
    std::optional<fs::Status> found;
    wire::reading(channel_.name(), [&] {
        if (!head.at("missing").get<bool>()) found = file_status(head);
    });
    return found;
}

std::unique_ptr<fs::File> RemoteSource::open_read(const std::string& path) {
    const auto found = status(path);
    if (!found) throw base::SystemError(ENOENT, "open", path);
    return std::make_unique<RemoteFile>(*this, path, *found);
}

std::vector<std::string> RemoteSource::list(const std::string& path) {
    const json head = ask({{"list", path}});
    std::vector<std::string> names;
    wire::reading(channel_.name(), [&] { head.at("names").get_to(names); });
    return names;
}

std::unique_ptr<fs::File> RemoteSource::create(const std::string& /*path*/, unsigned /*mode*/) {
    not_for_sources();
}
std::unique_ptr<fs::File> RemoteSource::open_append(const std::string& /*path*/) {
    not_for_sources();
}
void RemoteSource::rename(const std::string& /*from*/, const std::string& /*to*/, fs::Replace /*replace*/) {
    not_for_sources();
}
void RemoteSource::link(const std::string& /*from*/, const std::string& /*to*/) {
    not_for_sources();
}
void RemoteSource::symlink(const std::string& /*target*/, const std::string& /*path*/) {
    not_for_sources();
}
std::optional<std::string> RemoteSource::read_link(const std::string& /*path*/) {
    not_for_sources();
}
void RemoteSource::remove(const std::string& /*path*/) {
    not_for_sources();
}
bool RemoteSource::make_directory(const std::string& /*path*/, unsigned /*mode*/) {
    not_for_sources();
}
void RemoteSource::sync_directory(const std::string& /*path*/) {
    not_for_sources();
}
void RemoteSource::sync_all() {
    not_for_sources();
}
std::unique_ptr<fs::Lock> RemoteSource::try_lock(const std::string& /*path*/, fs::LockMode /*mode*/) {
    not_for_sources();
}
std::uint64_t RemoteSource::free_bytes() {
    not_for_sources();
}

}  // namespace repotool::sync
