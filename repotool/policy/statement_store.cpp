// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/policy/statement_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/tree.hpp"
#include "core/store/sync_batch.hpp"

namespace repotool::publisher {
namespace {

constexpr const char* kDirectory = "private/provenance";
constexpr const char* kLock = "private/locks/_provenance";
// A longer envelope, as one about a thousand packages is, lies in a file of its own, once for all of them.
constexpr std::size_t kLongestLine = std::size_t{32} << 10U;
constexpr std::string_view kReference = "{\"envelope\":\"";
constexpr std::string_view kReferenceEnd = "\"}";

std::string envelope_path(const std::string& sha256) {
    return fmt::format("{}/{}/{}.json", kDirectory, sha256.substr(0, 2), sha256);
}

// Lines as they stand in the files of packages, and the envelopes that these name.
class StoredForm {
public:
    std::string of(const std::string& line) {
        if (line.size() <= kLongestLine) return line;
        if (line != last_) {  // the same for many packages in a row: hashed once
            last_ = line;
            reference_ = base::sha256_hex(line);
            envelopes_[envelope_path(reference_)] = line;
        }
        return fmt::format("{}{}{}", kReference, reference_, kReferenceEnd);
    }
    std::map<std::string, std::string>& envelopes() { return envelopes_; }

private:
    std::string last_, reference_;
    std::map<std::string, std::string> envelopes_;  // by path
};

// The envelope that a stored line names; empty where it is one itself.
std::string referred(std::string_view stored) {
    if (!stored.starts_with(kReference) || !stored.ends_with(kReferenceEnd)) return {};
    stored.remove_prefix(kReference.size());
    stored.remove_suffix(kReferenceEnd.size());
    return base::is_sha256_hex(stored) ? std::string(stored) : std::string();
}

std::string front_path(const std::string& sha256) {
    return fmt::format("{}/{}/{}.front", kDirectory, sha256.substr(0, 2), sha256);
}

}  // namespace

std::string StatementStore::path_of(const std::string& sha256) {
    return fmt::format("{}/{}/{}.jsonl", kDirectory, sha256.substr(0, 2), sha256);
}

std::vector<std::string> StatementStore::read_stored(const std::string& sha256) const {
    const std::string path = path_of(sha256);
    if (!filesystem_.status(path)) return {};
    auto lines = base::split(fs::read_file(filesystem_, path), '\n');
    if (!lines.back().empty())
        throw base::Error(base::ErrorKind::integrity, "read", path, "its last line has no end");
    lines.pop_back();
    return lines;
}

const std::string& StatementStore::read_envelope(const std::string& sha256) const {
    if (envelope_sha256_ == sha256) return envelope_;
    const std::string path = envelope_path(sha256);
    std::string text = filesystem_.status(path) ? fs::read_file(filesystem_, path) : "";
    if (base::sha256_hex(text) != sha256)
        throw base::Error(base::ErrorKind::integrity, "read", path,
                          "it is not the envelope that it is called after");
    envelope_ = std::move(text);
    envelope_sha256_ = sha256;
    return envelope_;
}

std::vector<std::string> StatementStore::read(const std::string& sha256) const {
    auto lines = read_stored(sha256);
    for (auto& line : lines) {
        const std::string envelope = referred(line);
        if (!envelope.empty()) line = read_envelope(envelope);
    }
    return lines;
}

// The whole file as it shall be; empty where nothing is new.
std::string StatementStore::with(const std::string& sha256, const std::vector<std::string>& lines) const {
    auto all = read_stored(sha256);
    const std::size_t before = all.size();
    for (const auto& line : lines) {
        if (std::find(all.begin(), all.end(), line) == all.end()) all.push_back(line);
    }
    return all.size() == before ? std::string() : base::join(all, "\n") + "\n";
}

// Envelopes that are named are durable before the lines that name them.
void StatementStore::add(store::Site& site,
                         const std::map<std::string, std::vector<std::string>>& lines) const {
    if (lines.empty()) return;
    const auto lock = site.lock_shortly(kLock, fs::LockMode::exclusive);
    StoredForm form;
    std::map<std::string, std::string> files;
    for (const auto& [sha256, added] : lines) {
        std::vector<std::string> stored;
        for (const auto& line : added) stored.push_back(form.of(line));
        const std::string text = with(sha256, stored);
        if (!text.empty()) files[path_of(sha256)] = text;
    }
    std::erase_if(form.envelopes(),
                  [this](const auto& envelope) { return filesystem_.status(envelope.first).has_value(); });
    write(form.envelopes());
    write(files);
}

std::optional<std::string> StatementStore::read_front(const std::string& sha256) const {
    const std::string path = front_path(sha256);
    if (!filesystem_.status(path)) return std::nullopt;
    return fs::read_file(filesystem_, path);
}

void StatementStore::add_fronts(store::Site& site, const std::map<std::string, std::string>& fronts) const {
    if (fronts.empty()) return;
    const auto lock = site.lock_shortly(kLock, fs::LockMode::exclusive);
    std::map<std::string, std::string> files;
    for (const auto& [sha256, front] : fronts) {
        if (!filesystem_.status(front_path(sha256))) files[front_path(sha256)] = front;
    }
    write(files);
}

// Whole files in the place of whole files: a reader sees the one or the other, and so does who comes after a
// crash. Two syncs for all of them.
void StatementStore::write(const std::map<std::string, std::string>& files) const {
    store::SyncBatch batch(filesystem_);
    for (const auto& [path, bytes] : files) {
        for (const auto& changed : fs::make_directories(filesystem_, fs::parent_path(path), 0700))
            batch.add_directory(changed);
        const std::string fresh = path + ".new";
        filesystem_.remove(fresh);  // of somebody who died here
        fs::write_new_file(filesystem_, fresh, bytes, 0600, 0, fs::Durable::no);
        batch.add_file(fresh);
    }
    batch.flush();
    for (const auto& [path, bytes] : files) {
        filesystem_.rename(path + ".new", path, fs::Replace::yes);
        batch.add_directory(fs::parent_path(path));
    }
    batch.flush();
}

}  // namespace repotool::publisher
