// SPDX-License-Identifier: GPL-3.0-or-later
// A filesystem that writes down every operation and hands it on to the one below it: for tests that say what
// is not touched, or how much work something is.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/fs/filesystem.hpp"

namespace repotool::fs::testing {

// The order is that of Filesystem and File; operations that only look come first.
enum class Operation {
    open_read,
    read_link,
    status,
    list,
    free_bytes,
    read,
    file_status,
    path_for_reading,
    create,
    open_append,
    rename,
    link,
    symlink,
    remove,
    make_directory,
    sync_directory,
    sync_all,
    try_lock,
    write,
    append_range,
    set_mtime,
    set_mode,
    sync,
    close,
    describe_holder,
};
const char* operation_name(Operation operation) noexcept;
// True where the disk may be another one afterwards. Syncs, locks and close are among these.
bool is_change(Operation operation) noexcept;

struct RecordedOperation {
    Operation operation = Operation::status;
    std::string path;         // relative to the root, as the caller gave it; of the file for its operations
    std::string other;        // rename and link: the new name; symlink: the target
    std::uint64_t bytes = 0;  // read, written or appended
    // False where it threw, the directory to make was there, or what was to be removed was not.
    bool had_effect = true;
};
// "rename a to b", "write 12 bytes to a".
std::string to_text(const RecordedOperation& operation);
// True where one of its paths is `directory` or below it.
bool is_below(const RecordedOperation& operation, std::string_view directory);

// Several threads may record at a time.
class OperationLog {
public:
    using Filter = std::function<bool(const RecordedOperation&)>;
    void add(RecordedOperation operation);
    void clear();
    std::vector<RecordedOperation> operations() const;
    std::size_t count(const Filter& filter) const;
    std::size_t count(Operation operation) const;
    // Texts of the operations that changed something at or below `directory`; "" is everything.
    std::vector<std::string> changes_below(std::string_view directory) const;
    std::uint64_t bytes_read() const;
    std::uint64_t bytes_written() const;

private:
    std::uint64_t bytes_of(const std::vector<Operation>& which) const;
    mutable std::mutex mutex_;
    std::vector<RecordedOperation> operations_;
};

// Both must outlive it and the files that it opens.
std::unique_ptr<Filesystem> make_recording_filesystem(Filesystem& below, OperationLog& log);

}  // namespace repotool::fs::testing
