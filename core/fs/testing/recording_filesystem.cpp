// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/fs/testing/recording_filesystem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "core/fs/tree.hpp"

namespace repotool::fs::testing {
namespace {

constexpr std::array kNames{
    "open_read",      "read_link",        "status",         "list",           "free_bytes", "read",
    "file_status",    "path_for_reading", "create",         "open_append",    "rename",     "link",
    "symlink",        "remove",           "make_directory", "sync_directory", "sync_all",   "try_lock",
    "write",          "append_range",     "set_mtime",      "set_mode",       "sync",       "close",
    "describe_holder"};
static_assert(kNames.size() == static_cast<std::size_t>(Operation::describe_holder) + 1);

bool is_at_or_below(std::string_view path, std::string_view directory) {
    if (directory.empty() || path == directory) return true;
    return path.starts_with(directory) && path[directory.size()] == '/';
}

}  // namespace

const char* operation_name(Operation operation) noexcept {
    return kNames[static_cast<std::size_t>(operation)];
}

bool is_change(Operation operation) noexcept {
    return operation >= Operation::create;
}

std::string to_text(const RecordedOperation& recorded) {
    const char* name = operation_name(recorded.operation);
    switch (recorded.operation) {
        case Operation::rename:
        case Operation::link:
        case Operation::symlink:
            return fmt::format("{} {} to {}", name, recorded.path, recorded.other);
        case Operation::read:
        case Operation::write:
        case Operation::append_range:
            return fmt::format("{} {} bytes of {}", name, recorded.bytes, recorded.path);
        default:
            return fmt::format("{} {}", name, recorded.path);
    }
}

bool is_below(const RecordedOperation& recorded, std::string_view directory) {
    const bool has_second_path =
        recorded.operation == Operation::rename || recorded.operation == Operation::link;
    return is_at_or_below(recorded.path, directory) ||
           (has_second_path && is_at_or_below(recorded.other, directory));
}

void OperationLog::add(RecordedOperation operation) {
    const std::lock_guard guard(mutex_);
    operations_.push_back(std::move(operation));
}

void OperationLog::clear() {
    const std::lock_guard guard(mutex_);
    operations_.clear();
}

std::vector<RecordedOperation> OperationLog::operations() const {
    const std::lock_guard guard(mutex_);
    return operations_;
}

std::size_t OperationLog::count(const Filter& filter) const {
    const std::lock_guard guard(mutex_);
    return static_cast<std::size_t>(std::count_if(operations_.begin(), operations_.end(), filter));
}

std::size_t OperationLog::count(Operation operation) const {
    return count([&](const RecordedOperation& recorded) { return recorded.operation == operation; });
}

std::vector<std::string> OperationLog::changes_below(std::string_view directory) const {
    const std::lock_guard guard(mutex_);
    std::vector<std::string> texts;
    for (const auto& recorded : operations_) {
        if (is_change(recorded.operation) && recorded.had_effect && is_below(recorded, directory))
            texts.push_back(to_text(recorded));
    }
    return texts;
}

std::uint64_t OperationLog::bytes_of(const std::vector<Operation>& which) const {
    const std::lock_guard guard(mutex_);
    std::uint64_t bytes = 0;
    for (const auto& recorded : operations_) {
        const bool counts = std::find(which.begin(), which.end(), recorded.operation) != which.end();
        if (counts && recorded.had_effect) bytes += recorded.bytes;
    }
    return bytes;
}

std::uint64_t OperationLog::bytes_read() const {
    return bytes_of({Operation::read});
}

std::uint64_t OperationLog::bytes_written() const {
    return bytes_of({Operation::write, Operation::append_range});
}

namespace {

// Calls `action` and writes down that it was called, and whether it did anything.
template <typename Action>
auto recorded(OperationLog& log, RecordedOperation operation, Action&& action) {
    try {
        if constexpr (std::is_void_v<decltype(action())>) {
            action();
            log.add(std::move(operation));
        } else {
            auto result = action();
            if constexpr (std::is_same_v<decltype(result), bool>) operation.had_effect = result;
            log.add(std::move(operation));
            return result;
        }
    } catch (...) {
        operation.had_effect = false;
        log.add(std::move(operation));
        throw;
    }
}

class RecordingFile : public File {
public:
    RecordingFile(std::unique_ptr<File> below, OperationLog& log, std::string path)
        : below_(std::move(below)), log_(log), path_(std::move(path)) {}

    std::size_t read_at(std::span<char> buffer, std::uint64_t offset) override {
        const std::size_t count = below_->read_at(buffer, offset);
        log_.add({Operation::read, path_, {}, count, true});
        return count;
    }
    void write(std::string_view bytes) override {
        recorded(log_, {Operation::write, path_, {}, bytes.size(), true}, [&] { below_->write(bytes); });
    }
    void append_range(File& source, std::uint64_t offset, std::uint64_t length) override {
        auto* recording = dynamic_cast<RecordingFile*>(&source);
        recorded(log_, {Operation::append_range, path_, {}, length, true}, [&] {
            below_->append_range(recording != nullptr ? *recording->below_ : source, offset, length);
        });
    }
    Status status() override {
        return recorded(log_, of(Operation::file_status), [&] { return below_->status(); });
    }
    void set_mtime(std::int64_t seconds) override {
        recorded(log_, of(Operation::set_mtime), [&] { below_->set_mtime(seconds); });
    }
    void set_mode(unsigned mode) override {
        recorded(log_, of(Operation::set_mode), [&] { below_->set_mode(mode); });
    }
    void sync() override {
        recorded(log_, of(Operation::sync), [&] { below_->sync(); });
    }
    void close() override {
        recorded(log_, of(Operation::close), [&] { below_->close(); });
    }
    std::string path_for_reading() const override {
        return recorded(log_, of(Operation::path_for_reading), [&] { return below_->path_for_reading(); });
    }

private:
    RecordedOperation of(Operation operation) const { return {operation, path_, {}, 0, true}; }

    std::unique_ptr<File> below_;
    OperationLog& log_;
    std::string path_;
};

class RecordingLock : public Lock {
public:
    RecordingLock(std::unique_ptr<Lock> below, OperationLog& log, std::string path)
        : below_(std::move(below)), log_(log), path_(std::move(path)) {}
    void describe_holder(std::string_view text) override {
        recorded(log_, {Operation::describe_holder, path_, {}, text.size(), true},
                 [&] { below_->describe_holder(text); });
    }

private:
    std::unique_ptr<Lock> below_;
    OperationLog& log_;
    std::string path_;
};

class RecordingFilesystem : public Filesystem {
public:
    RecordingFilesystem(Filesystem& below, OperationLog& log) : below_(below), log_(log) {}

    std::unique_ptr<File> open_read(const std::string& path) override {
        return file(path,
                    recorded(log_, of(Operation::open_read, path), [&] { return below_.open_read(path); }));
    }
    std::unique_ptr<File> create(const std::string& path, unsigned mode) override {
        return file(path,
                    recorded(log_, of(Operation::create, path), [&] { return below_.create(path, mode); }));
    }
    std::unique_ptr<File> open_append(const std::string& path) override {
        return file(
            path, recorded(log_, of(Operation::open_append, path), [&] { return below_.open_append(path); }));
    }
    void rename(const std::string& from, const std::string& to, Replace replace) override {
        recorded(log_, of(Operation::rename, from, to), [&] { below_.rename(from, to, replace); });
    }
    void link(const std::string& from, const std::string& to) override {
        recorded(log_, of(Operation::link, from, to), [&] { below_.link(from, to); });
    }
    void symlink(const std::string& target, const std::string& path) override {
        recorded(log_, of(Operation::symlink, path, target), [&] { below_.symlink(target, path); });
    }
    std::optional<std::string> read_link(const std::string& path) override {
        return recorded(log_, of(Operation::read_link, path), [&] { return below_.read_link(path); });
    }
    std::optional<Status> status(const std::string& path) override {
        return recorded(log_, of(Operation::status, path), [&] { return below_.status(path); });
    }
    std::vector<std::string> list(const std::string& path) override {
        return recorded(log_, of(Operation::list, path), [&] { return below_.list(path); });
    }
    void remove(const std::string& path) override {
        RecordedOperation operation = of(Operation::remove, path);
        operation.had_effect = below_.status(path).has_value();
        recorded(log_, operation, [&] { below_.remove(path); });
    }
    bool make_directory(const std::string& path, unsigned mode) override {
        return recorded(log_, of(Operation::make_directory, path),
                        [&] { return below_.make_directory(path, mode); });
    }
    void sync_directory(const std::string& path) override {
        recorded(log_, of(Operation::sync_directory, path), [&] { below_.sync_directory(path); });
    }
    void sync_all() override {
        recorded(log_, of(Operation::sync_all, ""), [&] { below_.sync_all(); });
    }
    std::unique_ptr<Lock> try_lock(const std::string& path, LockMode mode) override {
        auto lock =
            recorded(log_, of(Operation::try_lock, path), [&] { return below_.try_lock(path, mode); });
        if (!lock) return nullptr;
        return std::make_unique<RecordingLock>(std::move(lock), log_, path);
    }
    std::uint64_t free_bytes() override {
        return recorded(log_, of(Operation::free_bytes, ""), [&] { return below_.free_bytes(); });
    }
    std::string root() const override { return below_.root(); }

private:
    static RecordedOperation of(Operation operation, const std::string& path, const std::string& other = {}) {
        return {operation, path, other, 0, true};
    }
    std::unique_ptr<File> file(const std::string& path, std::unique_ptr<File> below) {
        return std::make_unique<RecordingFile>(std::move(below), log_, path);
    }

    Filesystem& below_;
    OperationLog& log_;
};

}  // namespace

std::unique_ptr<Filesystem> make_recording_filesystem(Filesystem& below, OperationLog& log) {
    return std::make_unique<RecordingFilesystem>(below, log);
}

}  // namespace repotool::fs::testing
