// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/cli/files.hpp"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <set>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/base/work_queue.hpp"
#include "core/fs/external.hpp"
#include "core/fs/filesystem.hpp"
#include "core/fs/host.hpp"
#include "core/fs/tree.hpp"

namespace repotool::signing::cli {
namespace {

constexpr std::uint64_t kLargestText = std::uint64_t{64} << 20U;
constexpr std::string_view kCopySuffix = ".reposign";
// Threads that wait for the disk and need no processor.
constexpr unsigned kWaitingThreads = 16;

std::optional<fs::Kind> kind_of(const std::string& path) {
    const auto status = fs::external_status(path, fs::FinalSymlink::follow);
    if (!status) return std::nullopt;
    return status->kind;
}

bool is_site(const std::string& directory) {
    return is_file(join(directory, "repotool.yaml"));
}

std::string directory_of(const std::string& path) {
    const auto parent = fs::parent_path(path);
    return parent.empty() ? (path.starts_with('/') ? "/" : ".") : parent;
}

// A copy of one file beside it, named after the process so that a later run knows a dead one's copies.
class PrivateCopy {
public:
    explicit PrivateCopy(const std::string& original)
        : original_(fs::base_name(original)),
          name_(fmt::format(".{}.{}{}", original_, fs::process_id(), kCopySuffix)) {
        source_ = fs::open_external(original);
        const auto directory = directory_of(original);
        filesystem_ = fs::open_posix_filesystem(directory);
        const auto status = source_->status();
        const auto copy = filesystem_->create(name_, status.mode);
        is_there_ = true;
        copy->append_range(*source_, 0, status.size);
        copy->close();
        path_ = join(directory, name_);
    }
    ~PrivateCopy() {
        try {
            if (is_there_) filesystem_->remove(name_);
        } catch (const base::Error&) {
            return;  // it stays behind; the next run removes it
        }
    }
    PrivateCopy(const PrivateCopy&) = delete;
    PrivateCopy& operator=(const PrivateCopy&) = delete;

    const std::string& path() const noexcept { return path_; }

    void sync() { filesystem_->open_read(name_)->sync(); }
    void replace_original() {
        filesystem_->rename(name_, original_, fs::Replace::yes);
        is_there_ = false;
    }
    void sync_directory() { filesystem_->sync_directory(""); }

private:
    std::string original_;
    std::string name_;
    std::string path_;
    // Open until the copy goes: so a rename over the original does not free it, which would make all others
    // in that directory wait.
    std::unique_ptr<fs::File> source_;
    std::unique_ptr<fs::Filesystem> filesystem_;
    bool is_there_ = false;
};

// What killed runs left in a directory: .<name>.<process>.reposign, and what was written beside it.
void remove_orphans(const std::string& directory) {
    const auto filesystem = fs::open_posix_filesystem(directory);
    for (const auto& name : filesystem->list("")) {
        const auto suffix = name.rfind(kCopySuffix);
        if (!name.starts_with('.') || suffix == std::string::npos) continue;
        const auto process = name.substr(0, suffix).substr(name.rfind('.', suffix - 1) + 1);
        const bool is_number =
            !process.empty() && process.find_first_not_of("0123456789") == std::string::npos;
        if (is_number && !kind_of("/proc/" + process)) filesystem->remove(name);
    }
}

using Copies = std::vector<std::unique_ptr<PrivateCopy>>;

Copies private_copies(const std::vector<std::string>& paths) {
    std::set<std::string> directories;
    for (const auto& path : paths) directories.insert(directory_of(path));
    for (const auto& directory : directories) remove_orphans(directory);
    Copies copies(paths.size());
    base::WorkQueue queue(fs::processor_count());
    for (std::size_t at = 0; at < paths.size(); ++at)
        queue.add([&, at] { copies[at] = std::make_unique<PrivateCopy>(paths[at]); }, [] {});
    queue.finish();
    return copies;
}

// All bytes are on disk before the first rename, so that no name ever stands for half a package. Null copies
// are left out; all are gone afterwards.
void replace_originals(Copies& copies) {
    base::WorkQueue queue(kWaitingThreads);
    for (const auto& copy : copies)
        if (copy) queue.add([&copy] { copy->sync(); }, [] {});
    queue.finish();
    std::map<std::string, PrivateCopy*> directories;
    for (const auto& copy : copies) {
        if (!copy) continue;
        copy->replace_original();
        directories[fs::parent_path(copy->path())] = copy.get();
    }
    for (const auto& [name, copy] : directories) copy->sync_directory();
    for (auto& copy : copies) queue.add([&copy] { copy.reset(); }, [] {});
    queue.finish();
}

}  // namespace

std::string find_site(const std::string& named) {
    if (!named.empty()) return named;
    for (std::string directory = fs::current_directory();; directory = fs::parent_path(directory)) {
        if (is_site(directory.empty() ? "/" : directory)) return directory;
        if (directory.empty() || directory == "/") break;
    }
    return is_site("site") ? "site" : "";
}

std::string home_of_site(const std::string& site) {
    return fs::absolute_path(site) + "/private/gnupg";
}

void prepare_site(const std::string& site) {
    fs::make_external_directory(fs::absolute_path(site), 0755);
    fs::make_external_directory(fs::absolute_path(site) + "/private", 0700);
}

bool is_directory(const std::string& path) {
    return kind_of(path) == fs::Kind::directory;
}

bool is_file(const std::string& path) {
    return kind_of(path) == fs::Kind::file;
}

std::vector<std::string> list(const std::string& directory) {
    return fs::list_external(directory);
}

std::string join(const std::string& directory, std::string_view name) {
    return directory.ends_with('/') ? directory + std::string(name) : fs::join_path(directory, name);
}

std::string read_text(const std::string& path) {
    return fs::read_external(path, kLargestText);
}

void write_text(const std::string& path, std::string_view bytes) {
    fs::write_external(path, bytes, 0644);
}

std::vector<bool> replace_with_changed_copies(
    const std::vector<std::string>& paths,
    const std::function<std::vector<bool>(const std::vector<std::string>&)>& change) {
    auto copies = private_copies(paths);
    std::vector<std::string> copy_paths;
    for (const auto& copy : copies) copy_paths.push_back(copy->path());
    try {
        const auto is_changed = change(copy_paths);
        for (std::size_t at = 0; at < paths.size(); ++at)
            if (!is_changed[at]) copies[at].reset();
        replace_originals(copies);
        return is_changed;
    } catch (const base::Error& error) {
        for (std::size_t at = 0; at < paths.size(); ++at)
            if (error.object() == copy_paths[at])
                throw base::Error(error.kind(), "sign package", paths[at], error.reason(), error.hint());
        throw;
    }
}

}  // namespace repotool::signing::cli
