// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/updates/ready_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "core/base/text.hpp"
#include "core/fs/external.hpp"
#include "core/fs/tree.hpp"
#include "repotool/ingest/identities.hpp"

namespace repotool::publisher {
namespace {

// Every file that was asked for, by its absolute path, sorted.
std::set<std::string> all_files(const Inputs& inputs) {
    Identities identities;
    std::set<std::string> paths;
    const auto add = [&](const std::string& path) { paths.insert(identities.of(path)); };
    for (const auto& list : {&inputs.packages, &inputs.uploads, &inputs.unpublished}) {
        for (const auto& file : *list) add(file.path);
    }
    for (const auto& source : inputs.sources) {
        add(source.control.path);
        for (const auto& file : source.files) add(file.path);
    }
    for (const auto& extra : inputs.extras) add(extra.path);
    for (const auto& update : inputs.updates) add(update);
    for (const auto& statement : inputs.statements) add(statement);
    return paths;
}

bool is_below(const std::string& path, const std::string& directory) {
    return path == directory || path.starts_with(directory + "/");
}

ReadyDirectory list_directory(const std::string& directory, const std::set<std::string>& paths,
                              const std::string& site_root) {
    ReadyDirectory ready{directory, fs::absolute_path(directory), {}};
    while (ready.shown.size() > 1 && ready.shown.ends_with("/")) ready.shown.pop_back();
    const auto filesystem = fs::open_posix_filesystem(ready.root);
    for (const auto& path : paths) {
        if (!path.starts_with(ready.root + "/") || is_below(path, site_root)) continue;
        const std::string below = path.substr(ready.root.size() + 1);
        const auto status = filesystem->status(below);
        if (!status || status->kind != fs::Kind::file) continue;
        ready.files.push_back({below, status->device, status->inode, status->size, status->mtime_ns});
    }
    return ready;
}

bool is_same(const ReadyFile& file, const fs::Status& status) {
    return status.kind == fs::Kind::file && status.device == file.device && status.inode == file.inode &&
           status.size == file.size && status.mtime_ns == file.mtime_ns;
}

// This user may not: the directory is somebody else's, or nobody's to write.
bool is_denied(const base::SystemError& error) {
    const int number = error.error_number();
    return number == EACCES || number == EPERM || number == EROFS;
}

// The first name that nobody has, as cp --backup=numbered counts them.
std::string rename_to_free_name(fs::Filesystem& root, const std::string& from, const std::string& to) {
    std::string name = to;
    for (int number = 1;; ++number) {
        try {
            root.rename(from, name, fs::Replace::no);
            return name;
        } catch (const base::SystemError& error) {
            if (error.error_number() != EEXIST) throw;
            name = fmt::format("{}.~{}~", to, number);
        }
    }
}

// The file lies on a filesystem that is mounted below the directory.
std::string move_by_copy(fs::Filesystem& root, const std::string& from, const std::string& to) {
    const std::string partial = to + ".partial";
    fs::copy_durably(root, from, partial);
    const std::string name = rename_to_free_name(root, partial, to);
    root.sync_directory(fs::parent_path(name));  // there are two of it rather than none
    root.remove(from);
    return name;
}

class Mover {
public:
    Mover(const ReadyDirectory& directory, std::uint64_t generation, MoveReport& report)
        : directory_(directory),
          generation_(generation),
          report_(report),
          root_(fs::open_posix_filesystem(directory.root)) {}

    void run() {
        const auto mode = fs::external_status(directory_.root, fs::FinalSymlink::follow)->mode & 0777U;
        for (const auto& file : directory_.files) {
            try {
                move(file, mode);
            } catch (const base::SystemError& error) {
                if (!is_denied(error)) throw;
                report_.left.push_back({shown(file.path), "it may not be moved: " + error.reason()});
            }
        }
        for (const auto& path : changed_) root_->sync_directory(path);
    }

private:
    std::string shown(const std::string& path) const { return fs::join_path(directory_.shown, path); }

    void move(const ReadyFile& file, unsigned mode) {
        const auto status = root_->status(file.path);
        if (!status) return;  // moved already, or taken away
        if (!is_same(file, *status)) {
            report_.left.push_back({shown(file.path), "it has changed since it was promoted"});
            return;
        }
        const std::string to = move_file(*root_, file.path, promoted_path(file.path, generation_), mode);
        report_.moved.push_back({shown(file.path), shown(to)});
        changed_.insert(fs::parent_path(file.path));
        for (std::string above = fs::parent_path(to); !above.empty(); above = fs::parent_path(above))
            changed_.insert(above);
        changed_.insert("");
    }

    const ReadyDirectory& directory_;
    std::uint64_t generation_;
    MoveReport& report_;
    std::unique_ptr<fs::Filesystem> root_;
    std::set<std::string> changed_;
};

}  // namespace

std::vector<ReadyDirectory> list_ready(const std::vector<std::string>& directories, const Inputs& inputs,
                                       const std::string& site_root) {
    std::set<std::string> paths = all_files(inputs);
    std::vector<ReadyDirectory> all;
    for (const auto& directory : directories) {
        ReadyDirectory ready = list_directory(directory, paths, fs::absolute_path(site_root));
        for (const auto& file : ready.files) paths.erase(fs::join_path(ready.root, file.path));
        if (!ready.files.empty()) all.push_back(std::move(ready));
    }
    return all;
}

std::string promoted_path(const std::string& path, std::uint64_t generation) {
    return fmt::format("{}/{}/{}", kPromoted, generation, path);
}

MoveReport plan_moves(const std::vector<ReadyDirectory>& directories, std::uint64_t generation) {
    MoveReport report;
    for (const auto& directory : directories) {
        for (const auto& file : directory.files) {
            report.moved.push_back({fs::join_path(directory.shown, file.path),
                                    fs::join_path(directory.shown, promoted_path(file.path, generation))});
        }
    }
    return report;
}

MoveReport move_promoted(const std::vector<ReadyDirectory>& directories, std::uint64_t generation) {
    MoveReport report;
    for (const auto& directory : directories) {
        const auto status = fs::external_status(directory.root, fs::FinalSymlink::keep);
        if (!status || status->kind != fs::Kind::directory) continue;  // taken away as a whole
        try {
            Mover(directory, generation, report).run();
        } catch (const base::Error& error) {
            report.failure = error;
        }
    }
    return report;
}

std::string move_file(fs::Filesystem& root, const std::string& from, const std::string& to, unsigned mode) {
    fs::make_directories(root, fs::parent_path(to), mode);
    try {
        return rename_to_free_name(root, from, to);
    } catch (const base::SystemError& error) {
        if (error.error_number() != EXDEV) throw;
    }
    return move_by_copy(root, from, to);
}

}  // namespace repotool::publisher
