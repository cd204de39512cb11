// SPDX-License-Identifier: GPL-3.0-or-later
// The source's public tree as an agent sees it: what it reads here, the coordinator sends. Nothing else of
// the coordinator's files can be asked for, and nothing can be written.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/fs/filesystem.hpp"
#include "sync/mirror/read_ahead.hpp"
#include "sync/protocol/channel.hpp"

namespace repotool::sync {

class RemoteSource : public fs::Filesystem, public ReadAhead {
public:
    // `mirror` has the bases of what is preloaded. All outlive this object.
    RemoteSource(Channel& channel, fs::Filesystem& mirror) : channel_(channel), mirror_(mirror) {}

    // Known from the beginning.
    void put(const std::string& path, std::string bytes, std::int64_t mtime);
    void preload(const std::vector<Part>& parts) override;
    void announce(const std::vector<Piece>& pieces) override;
    // Ends the stream of what was announced and not read. Called after every failure.
    void halt();

    std::unique_ptr<fs::File> open_read(const std::string& path) override;
    std::optional<fs::Status> status(const std::string& path) override;
    std::vector<std::string> list(const std::string& path) override;
    std::string root() const override { return "source"; }

    // Not for sources: base::Error (internal).
    std::unique_ptr<fs::File> create(const std::string& path, unsigned mode) override;
    std::unique_ptr<fs::File> open_append(const std::string& path) override;
    void rename(const std::string& from, const std::string& to, fs::Replace replace) override;
    void link(const std::string& from, const std::string& to) override;
    void symlink(const std::string& target, const std::string& path) override;
    std::optional<std::string> read_link(const std::string& path) override;
    void remove(const std::string& path) override;
    bool make_directory(const std::string& path, unsigned mode) override;
    void sync_directory(const std::string& path) override;
    void sync_all() override;
    std::unique_ptr<fs::Lock> try_lock(const std::string& path, fs::LockMode mode) override;
    std::uint64_t free_bytes() override;

private:
    friend class RemoteFile;
    struct Known {
        std::string bytes;
        std::int64_t mtime = 0;
    };
    // The head of what comes next in the stream.
    struct Coming {
        std::string path;
        fs::Status status;
        std::uint64_t offset = 0;  // of the bytes that were not read yet
        std::uint64_t left = 0;
        std::string buffer;  // received, not read
    };

    nlohmann::json ask(const nlohmann::json& question);
    nlohmann::json answer();
    std::string receive(std::uint64_t length);
    Known fetch(const nlohmann::json& head, const Part& part);
    void ask_for_more();
    void begin_piece();
    // False where the stream has no bytes of this place next.
    bool is_coming(const std::string& path, std::uint64_t offset);
    std::size_t read_stream(std::span<char> buffer);

    Channel& channel_;
    fs::Filesystem& mirror_;
    std::map<std::string, Known> known_;
    std::deque<Piece> asked_;      // that did not begin to come
    std::deque<Piece> announced_;  // that were not asked for yet
    std::optional<Coming> coming_;
};

}  // namespace repotool::sync
