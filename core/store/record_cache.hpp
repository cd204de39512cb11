// SPDX-License-Identifier: GPL-3.0-or-later
// private/records.db: parsed packages by the digest of their file. A cache and nothing more: whatever is
// missing is read again from the object, and a damaged file is replaced by an empty one. The only file that
// includes SQLite.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace repotool::store {

class RecordCache {
public:
    // `version`: number of the shape of the bodies; rows of another version are as good as missing.
    RecordCache(const std::string& path, int version);
    ~RecordCache();
    RecordCache(const RecordCache&) = delete;
    RecordCache& operator=(const RecordCache&) = delete;

    std::optional<std::string> find(const std::string& sha256);
    bool contains(const std::string& sha256);
    // One database transaction. Failures are ignored: it is a cache.
    struct Row {
        std::string sha256;
        std::string body;
    };
    void put(const std::vector<Row>& rows);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace repotool::store
