// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/directory/tree_files.hpp"

#include <cerrno>
#include <set>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/layout.hpp"
#include "core/store/sync_batch.hpp"
#include "sync/tree/tree_entry.hpp"

namespace repotool::sync {
namespace {

class Grower {
public:
    Grower(fs::Filesystem& mirror, const std::string& directory, const std::string& repository)
        : mirror_(mirror), directory_(directory), repository_(repository), batch_(mirror) {}

    void run(const store::SubManifest& tree) {
        for (const auto& set : tree.sets) {
            for (const auto& chunk : store::parse_chunk_list(part(set.chunks.sha256))) {
                for (const auto& record : store::parse_records(part(chunk.sha256))) add_file(record);
            }
        }
        const std::string links = directory_ + "/" + kTreeLinks;
        if (!tree.pointers.empty()) {
            for (const auto& entry : parse_tree_entries(fs::read_file(mirror_, links))) add_entry(entry);
        }
        batch_.flush();
    }

private:
    // The mirror has them all by now: nothing is asked of the source.
    std::string part(const std::string& sha256) {
        const std::string path = store::layout::tree_part(repository_, sha256);
        std::string text = fs::read_file(mirror_, path);
        if (base::sha256_hex(text) == sha256) return text;
        throw base::Error(base::ErrorKind::integrity, "read", fs::join_path(mirror_.root(), path),
                          "its content has another digest");
    }

    void add_file(const store::Record& record) {
        if (!is_tree_path(record.name)) {
            throw base::Error(base::ErrorKind::integrity, "make", record.name,
                              "a tree may not have a file of that name");
        }
        const std::string path = directory_ + "/" + record.name;
        make_directory(fs::parent_path(path));
        if (mirror_.status(path)) return;  // made by a step that failed later
        const std::string content = store::pool_files(repository_, record)[0].path;
        try {
            mirror_.link(content, path);
        } catch (const base::SystemError& error) {
            const int number = error.error_number();
            const bool is_unlinkable = number == EMLINK || number == EPERM || number == EOPNOTSUPP;
            if (!is_unlinkable) throw;
            fs::copy_durably(mirror_, content, path);  // links run out at 65,000, and some have none
        }
    }

    void add_entry(const TreeEntry& entry) {
        const std::string path = directory_ + "/" + entry.path;
        if (entry.target.empty()) return make_directory(path);
        make_directory(fs::parent_path(path));
        if (!mirror_.status(path)) mirror_.symlink(entry.target, path);
    }

    void make_directory(const std::string& path) {
        if (!made_.insert(path).second) return;
        for (const auto& changed : fs::make_directories(mirror_, path, 0755)) batch_.add_directory(changed);
        batch_.add_directory(path);
    }

    fs::Filesystem& mirror_;
    const std::string& directory_;
    const std::string& repository_;
    store::SyncBatch batch_;
    std::set<std::string> made_;
};

}  // namespace

void grow_tree(fs::Filesystem& mirror, const std::string& directory, const store::GenerationReader& source) {
    const auto* tree = source.find_format(kTreeFormat);
    if (tree != nullptr) Grower(mirror, directory, source.manifest().repository).run(*tree);
}

}  // namespace repotool::sync
