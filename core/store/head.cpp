// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/head.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"
#include "core/store/names.hpp"

namespace repotool::store {
namespace {

using base::Error;
using base::ErrorKind;

std::string show(std::optional<std::uint64_t> generation) {
    return generation ? fmt::format("generation {}", *generation) : "no generation";
}

class SymlinkHead : public Head {
public:
    SymlinkHead(fs::Filesystem& filesystem, const std::string& public_root, std::string repository)
        : filesystem_(filesystem),
          repository_(std::move(repository)),
          path_(fs::join_path(public_root, layout::head(repository_))) {}

    std::optional<std::uint64_t> current() override {
        const auto status = filesystem_.status(path_);
        if (!status) return std::nullopt;
        if (status->kind == fs::Kind::directory)
            return std::nullopt;  // other repositories may live below this name
        const std::string target = filesystem_.read_link(path_).value_or("");
        const std::string prefix = fs::climb(repository_) + layout::generations(repository_) + "/";
        if (target.starts_with(prefix)) {
            try {
                return parse_generation(std::string_view(target).substr(prefix.size()));
            } catch (const Error&) {  // falls through to the complaint that names the link
            }
        }
        throw Error(ErrorKind::integrity, "read", path_,
                    fmt::format("expected a symlink to {}<number>, found '{}'", prefix, target));
    }

    void compare_and_swap(std::optional<std::uint64_t> expected, std::uint64_t next) override {
        check_current(expected, "publish");
        const std::string directory = fs::parent_path(path_);
        for (const auto& changed : fs::make_directories(filesystem_, directory, 0755))
            filesystem_.sync_directory(changed);
        // symlink + rename, never unlink + symlink: no reader may find nothing.
        const std::string temporary = fs::join_path(directory, "." + fs::base_name(path_) + ".new");
        filesystem_.remove(temporary);
        filesystem_.symlink(layout::head_target(repository_, next), temporary);
        const auto there = filesystem_.status(path_);
        if (there && there->kind == fs::Kind::directory)
            filesystem_.remove(path_);  // empty, or this fails: nobody's repository
        filesystem_.rename(temporary, path_, fs::Replace::yes);
        filesystem_.sync_directory(directory);  // committed when this returns
    }

    void withdraw(std::uint64_t expected) override {
        check_current(expected, "expire");
        filesystem_.remove(path_);
        filesystem_.sync_directory(fs::parent_path(path_));
    }

private:
    void check_current(std::optional<std::uint64_t> expected, const char* verb) {
        const auto found = current();
        if (found == expected) return;
        throw Error(ErrorKind::conflict, verb, repository_,
                    fmt::format("expected {}, found {}", show(expected), show(found)),
                    "somebody else published; run the same command again");
    }

    fs::Filesystem& filesystem_;
    std::string repository_;
    std::string path_;
};

}  // namespace

std::unique_ptr<Head> make_symlink_head(fs::Filesystem& filesystem, const std::string& public_root,
                                        const std::string& repository) {
    return std::make_unique<SymlinkHead>(filesystem, public_root, repository);
}

}  // namespace repotool::store
