// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/record_cache.hpp"

#include <sqlite3.h>

#include "core/base/log.hpp"

namespace repotool::store {
namespace {

constexpr int kBusyMilliseconds = 60'000;

struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

Statement prepare(sqlite3* database, const char* sql) {
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(database, sql, -1, &statement, nullptr);
    return Statement(statement);
}

bool execute(sqlite3* database, const char* sql) {
    return sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

sqlite3* open_database(const std::string& path) {
    sqlite3* database = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW;
    if (sqlite3_open_v2(path.c_str(), &database, flags, nullptr) == SQLITE_OK) {
        sqlite3_busy_timeout(database, kBusyMilliseconds);
        const bool good = execute(database, "PRAGMA journal_mode=WAL") &&
                          execute(database, "PRAGMA synchronous=NORMAL") &&
                          execute(database,
                                  "CREATE TABLE IF NOT EXISTS package(sha256 TEXT PRIMARY KEY, version "
                                  "INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID");
        if (good) return database;
    }
    sqlite3_close(database);
    return nullptr;
}

}  // namespace

struct RecordCache::State {
    sqlite3* database = nullptr;
    int version = 0;
    Statement select;
    Statement exists;
    Statement insert;
};

RecordCache::RecordCache(const std::string& path, int version) : state_(std::make_unique<State>()) {
    state_->version = version;
    state_->database = open_database(path);
    if (state_->database == nullptr) {
        // Everything works without it, only slower; a database in memory keeps the rest of this class simple.
        base::warn("the cache " + path + " cannot be used; remove it when no command is running");
        state_->database = open_database(":memory:");
    }
    state_->select = prepare(state_->database, "SELECT body FROM package WHERE sha256 = ?1 AND version = ?2");
    state_->exists = prepare(state_->database, "SELECT 1 FROM package WHERE sha256 = ?1 AND version = ?2");
    state_->insert =
        prepare(state_->database, "INSERT OR REPLACE INTO package(sha256, version, body) VALUES(?1, ?2, ?3)");
}

RecordCache::~RecordCache() {
    state_->select.reset();
    state_->exists.reset();
    state_->insert.reset();
    sqlite3_close(state_->database);
}

std::optional<std::string> RecordCache::find(const std::string& sha256) {
    sqlite3_stmt* select = state_->select.get();
    if (select == nullptr) return std::nullopt;
    sqlite3_bind_text(select, 1, sha256.data(), static_cast<int>(sha256.size()), SQLITE_STATIC);
    sqlite3_bind_int(select, 2, state_->version);
    std::optional<std::string> body;
    if (sqlite3_step(select) == SQLITE_ROW) {
        const auto* bytes = static_cast<const char*>(sqlite3_column_blob(select, 0));
        body.emplace(bytes, static_cast<std::size_t>(sqlite3_column_bytes(select, 0)));
    }
    sqlite3_reset(select);
    return body;
}

bool RecordCache::contains(const std::string& sha256) {
    sqlite3_stmt* exists = state_->exists.get();
    if (exists == nullptr) return false;
    sqlite3_bind_text(exists, 1, sha256.data(), static_cast<int>(sha256.size()), SQLITE_STATIC);
    sqlite3_bind_int(exists, 2, state_->version);
    const bool found = sqlite3_step(exists) == SQLITE_ROW;
    sqlite3_reset(exists);
    return found;
}

void RecordCache::put(const std::vector<Row>& rows) {
    sqlite3_stmt* insert = state_->insert.get();
    if (insert == nullptr || rows.empty() || !execute(state_->database, "BEGIN IMMEDIATE")) return;
    for (const auto& row : rows) {
        sqlite3_bind_text(insert, 1, row.sha256.data(), static_cast<int>(row.sha256.size()), SQLITE_STATIC);
        sqlite3_bind_int(insert, 2, state_->version);
        sqlite3_bind_blob64(insert, 3, row.body.data(), row.body.size(), SQLITE_STATIC);
        sqlite3_step(insert);
        sqlite3_reset(insert);
    }
    if (!execute(state_->database, "COMMIT")) execute(state_->database, "ROLLBACK");
}

}  // namespace repotool::store
