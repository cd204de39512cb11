// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/rsync/rsync_tree.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>

#include "core/base/error.hpp"
#include "core/fs/external.hpp"
#include "core/fs/tree.hpp"
#include "sync/rsync/rsync_layout.hpp"

namespace repotool::sync {
namespace {

using base::SystemError;
using fs::Kind;

// The directories above `path`, top first, without the root.
std::vector<std::string> above(const std::string& path) {
    std::vector<std::string> all;
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
        all.push_back(path.substr(0, slash));
    return all;
}

}  // namespace

RsyncTree::RsyncTree(RsyncClient client, const std::string& locks)
    : client_(std::move(client)),
      top_(fs::make_temporary_directory("mirrorsync-")),
      scratch_(top_ + "/empty"),
      locks_(fs::open_posix_filesystem(locks)) {
    fs::make_directories(*locks_, rsync_layout::kLocks, 0700);
    fs::make_external_directory(scratch_, 0700);
    forget();
}

RsyncTree::~RsyncTree() {
    fs::remove_external(top_);
}

void RsyncTree::set_source(fs::Filesystem* source, const std::string& public_root) {
    source_ = source;
    public_root_ = public_root;
}

std::string RsyncTree::source_root() const {
    return fs::join_path(source_->root(), public_root_);
}

void RsyncTree::forget() {
    known_.clear();
    listed_.clear();
    changed_.clear();
    removed_.clear();
    image_.reset();
    pulled_ = top_ + "/pulled";
    fs::remove_external(pulled_);
    image_root_ = fs::join_path(pulled_, client_.target().directory);
    fs::make_external_directory(image_root_, 0700);
    image_ = fs::open_posix_filesystem(image_root_);
}

// The image's own notes go first: whoever finds a mirror half done finds in them what was meant.
void RsyncTree::flush() {
    std::vector<std::string> ours;
    std::vector<std::string> content;
    for (const auto& path : changed_)
        (known_.at(path).bytes == Bytes::at_source ? content : ours).push_back(path);
    client_.push(ours, image_root_, RsyncClient::Modes::kept);
    if (!content.empty()) client_.push(content, source_root(), RsyncClient::Modes::published);
    for (const auto& path : changed_) known_.at(path).is_on_mirror = true;
    changed_.clear();
    // A directory goes with what is in it.
    std::vector<std::string> tops;
    for (const auto& path : removed_) {
        const auto parents = above(path);
        const bool is_covered = std::any_of(parents.begin(), parents.end(),
                                            [&](const auto& parent) { return removed_.contains(parent); });
        if (!is_covered) tops.push_back(path);
    }
    client_.remove(tops, scratch_);
    removed_.clear();
}

// ---- what the mirror has
// -----------------------------------------------------------------------------------------

bool RsyncTree::is_known_absent(const std::string& path) const {
    std::string directory;
    for (const auto& parent : above(path + "/")) {
        const auto known = known_.find(parent);
        if (known == known_.end()) {
            if (listed_.contains(directory.empty() ? "/" : directory)) return true;
        } else if (parent != path && (!known->second.exists || known->second.kind != Kind::directory)) {
            return true;
        }
        directory = parent;
    }
    return false;
}

void RsyncTree::know(const std::vector<std::string>& paths) {
    std::set<std::string> asked;
    for (const auto& path : paths) {
        const std::string name = path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
        if (name != path) {
            if (!listed_.contains(name.empty() ? "/" : name) && !is_known_absent(name)) asked.insert(path);
        } else if (!known_.contains(name) && !is_known_absent(name)) {
            asked.insert(name);
        }
        for (const auto& parent : above(name)) {
            if (!known_.contains(parent) && !is_known_absent(parent)) asked.insert(parent);
        }
    }
    if (asked.empty()) return;
    const std::vector<std::string> list(asked.begin(), asked.end());
    take(client_.look(list, scratch_), Bytes::on_mirror);
    settle(list);
}

void RsyncTree::fetch(const std::vector<std::string>& paths) {
    take(client_.pull(paths, pulled_), Bytes::in_image);
    settle(paths);
}

void RsyncTree::take(const RsyncClient::Entries& found, Bytes bytes) {
    for (const auto& [path, there] : found) {
        for (const auto& parent : above(path)) {
            Entry directory{true, Kind::directory};
            directory.is_on_mirror = true;
            known_.try_emplace(parent, directory);
        }
        const auto known = known_.find(path);
        const bool is_ours = changed_.contains(path) || removed_.contains(path);
        if (is_ours || (known != known_.end() && bytes == Bytes::on_mirror)) continue;
        Entry entry{true, there.kind, there.size, there.link, bytes, true};
        if (there.kind == Kind::directory) entry.bytes = Bytes::on_mirror;
        known_.insert_or_assign(path, std::move(entry));
    }
}

// What was asked for and is not in the answer is not there.
void RsyncTree::settle(const std::vector<std::string>& asked) {
    for (const auto& path : asked) {
        if (!path.ends_with('/')) {
            known_.try_emplace(path);
            continue;
        }
        const std::string name = path.substr(0, path.size() - 1);
        if (name.empty() || known_[name].exists) listed_.insert(name.empty() ? "/" : name);
    }
}

const RsyncTree::Entry* RsyncTree::find(const std::string& path) {
    if (!known_.contains(path)) {
        if (is_known_absent(path)) return nullptr;
        know({path});
    }
    const auto known = known_.find(path);
    return known != known_.end() && known->second.exists ? &known->second : nullptr;
}

const RsyncTree::Entry& RsyncTree::require(const std::string& path, const char* verb) {
    const Entry* entry = find(path);
    if (entry == nullptr) throw SystemError(ENOENT, verb, fs::join_path(root(), path));
    return *entry;
}

fs::Filesystem* RsyncTree::local(const std::string& path) const {
    if (rsync_layout::is_lock(path)) return locks_.get();
    return rsync_layout::is_local(path) ? image_.get() : nullptr;
}

std::optional<fs::Status> RsyncTree::status(const std::string& path) {
    if (auto* here = local(path)) return here->status(path);
    const Entry* entry = find(path);
    if (entry == nullptr) return std::nullopt;
    if (entry->bytes == Bytes::in_image) return image_->status(path);
    fs::Status status;
    status.kind = entry->kind;
    status.size = entry->size;
    return status;
}

std::optional<std::string> RsyncTree::read_link(const std::string& path) {
    if (auto* here = local(path)) return here->read_link(path);
    const Entry* entry = find(path);
    if (entry == nullptr || entry->kind != Kind::symlink) return std::nullopt;
    return entry->bytes == Bytes::in_image ? image_->read_link(path) : entry->link;
}

std::vector<std::string> RsyncTree::list(const std::string& path) {
    if (auto* here = local(path)) return here->list(path);
    if (!path.empty()) {
        const Entry* entry = find(path);
        if (entry == nullptr || entry->kind != Kind::directory) return {};
    }
    know({path + "/"});
    const std::string prefix = path.empty() ? "" : path + "/";
    std::vector<std::string> names;
    for (auto it = known_.lower_bound(prefix); it != known_.end() && it->first.starts_with(prefix); ++it) {
        const std::string name = it->first.substr(prefix.size());
        if (it->second.exists && name.find('/') == std::string::npos) names.push_back(name);
    }
    return names;
}

std::unique_ptr<fs::File> RsyncTree::open_read(const std::string& path) {
    if (auto* here = local(path)) return here->open_read(path);
    const Entry& entry = require(path, "open");
    if (entry.bytes != Bytes::in_image && source_ != nullptr && rsync_layout::is_content(path)) {
        const std::string origin = fs::join_path(public_root_, path);
        const auto there = source_->status(origin);
        if (there && there->kind == Kind::file && there->size == entry.size)
            return source_->open_read(origin);
    }
    bring_to_image(path);
    return image_->open_read(path);
}

void RsyncTree::bring_to_image(const std::string& path) {
    if (require(path, "fetch").bytes == Bytes::in_image) return;
    fetch({path});
    if (require(path, "fetch").bytes != Bytes::in_image)
        throw SystemError(ENOENT, "fetch", fs::join_path(root(), path));
}

// ---- what is changed
// ---------------------------------------------------------------------------------------------

RsyncTree::Entry& RsyncTree::change(const std::string& path, Kind kind, Bytes bytes) {
    Entry& entry = known_[path];
    entry.exists = true;
    entry.kind = kind;
    entry.bytes = bytes;
    if (removed_.erase(path) != 0) entry.is_on_mirror = true;
    changed_.insert(path);
    return entry;
}

void RsyncTree::drop(const std::string& path) {
    Entry& entry = known_[path];
    if (entry.is_on_mirror) removed_.insert(path);
    entry = {};
    changed_.erase(path);
}

void RsyncTree::refuse_existing(const std::string& path, const char* verb) {
    if (find(path) != nullptr) throw SystemError(EEXIST, verb, fs::join_path(root(), path));
}

void RsyncTree::make_image_parent(const std::string& path) {
    fs::make_directories(*image_, fs::parent_path(path), 0755);
}

std::unique_ptr<fs::File> RsyncTree::create(const std::string& path, unsigned mode) {
    make_image_parent(path);
    if (auto* here = local(path)) return here->create(path, mode);
    refuse_existing(path, "create");
    auto file = image_->create(path, mode);
    change(path, Kind::file, Bytes::in_image);
    return file;
}

std::unique_ptr<fs::File> RsyncTree::open_append(const std::string& path) {
    const bool is_public = std::any_of(changed_.begin(), changed_.end(),
                                       [](const auto& name) { return !rsync_layout::is_private(name); });
    if (is_public) flush();
    make_image_parent(path);
    if (find(path) != nullptr) bring_to_image(path);
    auto file = image_->open_append(path);
    change(path, Kind::file, Bytes::in_image);
    return file;
}

void RsyncTree::symlink(const std::string& target, const std::string& path) {
    make_image_parent(path);
    if (auto* here = local(path)) return here->symlink(target, path);
    refuse_existing(path, "make");
    image_->symlink(target, path);
    change(path, Kind::symlink, Bytes::in_image);
}

bool RsyncTree::make_directory(const std::string& path, unsigned mode) {
    if (auto* here = local(path)) {
        if (here == image_.get()) make_image_parent(path);
        return here->make_directory(path, mode);
    }
    if (find(path) != nullptr) return false;
    make_image_parent(path);
    image_->remove(path);  // made on the way to something that is there no more
    image_->make_directory(path, mode);
    change(path, Kind::directory, Bytes::in_image);
    listed_.insert(path);
    return true;
}

// Only what is small is linked: a copy does.
void RsyncTree::link(const std::string& from, const std::string& to) {
    bring_to_image(from);
    refuse_existing(to, "link");
    make_image_parent(to);
    image_->link(from, to);
    change(to, Kind::file, Bytes::in_image);
}

void RsyncTree::rename(const std::string& from, const std::string& to, fs::Replace replace) {
    if (rsync_layout::is_local(to)) return drop_tree(from);
    if (replace == fs::Replace::no) refuse_existing(to, "rename");
    if (rsync_layout::is_local(from)) return publish(from, to);
    if (require(from, "rename").kind == Kind::directory) throw SystemError(EXDEV, "rename", from);
    bring_to_image(from);
    const Kind kind = known_.at(from).kind;
    drop(from);
    if (kind == Kind::symlink) flush();
    make_image_parent(to);
    image_->rename(from, to, fs::Replace::yes);
    change(to, kind, Bytes::in_image);
    if (kind == Kind::symlink) flush();
}

// What was staged gets its name: a whole directory, or a file of the source that was told from it.
void RsyncTree::publish(const std::string& from, const std::string& to) {
    const auto status = image_->status(from);
    if (!status) throw SystemError(ENOENT, "rename", from);
    if (status->kind != Kind::directory) {
        image_->remove(from);
        change(to, Kind::file, Bytes::at_source).size =
            source_->open_read(fs::join_path(public_root_, to))->status().size;
        return;
    }
    make_image_parent(to);
    image_->rename(from, to, fs::Replace::no);
    take_in_tree(to);
}

void RsyncTree::take_in_tree(const std::string& directory) {
    change(directory, Kind::directory, Bytes::in_image);
    listed_.insert(directory);
    for (const auto& name : image_->list(directory)) {
        const std::string path = fs::join_path(directory, name);
        const Kind kind = image_->status(path)->kind;
        if (kind == Kind::directory) {
            take_in_tree(path);
        } else {
            change(path, kind, Bytes::in_image);
        }
    }
}

// rsync cannot rename: what is on its way out goes at once.
void RsyncTree::drop_tree(const std::string& directory) {
    require(directory, "rename");
    for (const auto& path : below(directory)) drop(path);
    drop(directory);
    fs::remove_tree(*image_, directory);
}

std::vector<std::string> RsyncTree::below(const std::string& directory) const {
    std::vector<std::string> paths;
    const std::string prefix = directory + "/";
    for (auto it = known_.lower_bound(prefix); it != known_.end() && it->first.starts_with(prefix); ++it)
        paths.push_back(it->first);
    return paths;
}

void RsyncTree::remove(const std::string& path) {
    if (auto* here = local(path)) return here->remove(path);
    const Entry* entry = find(path);
    if (entry == nullptr) return;
    if (entry->kind == Kind::directory && !list(path).empty())
        throw SystemError(ENOTEMPTY, "remove", fs::join_path(root(), path));
    const bool is_head = entry->kind == Kind::symlink && rsync_layout::is_head(path);
    if (is_head) flush();
    drop(path);
    fs::remove_tree(*image_, path);
    if (is_head) flush();
}

void RsyncTree::sync_directory(const std::string& /*path*/) {
    sync_all();
}

void RsyncTree::sync_all() {
    if (!removed_.empty()) flush();
}

std::unique_ptr<fs::Lock> RsyncTree::try_lock(const std::string& path, fs::LockMode mode) {
    return locks_->try_lock(path, mode);
}

std::uint64_t RsyncTree::free_bytes() {
    return std::numeric_limits<std::uint64_t>::max();
}

std::vector<std::string> RsyncTree::differing(const std::vector<std::string>& content,
                                              const std::vector<std::string>& made) {
    std::vector<std::string> ours;
    for (const auto& path : made) {
        for (const auto& name : below(path)) {
            const Entry& entry = known_.at(name);
            if (entry.exists && entry.kind != Kind::directory && entry.bytes == Bytes::in_image)
                ours.push_back(name);
        }
        const auto known = known_.find(path);
        if (known != known_.end() && known->second.kind == Kind::symlink &&
            known->second.bytes == Bytes::in_image)
            ours.push_back(path);
    }
    auto found = client_.differing(content, source_root());
    for (auto& path : client_.differing(ours, image_root_)) found.push_back(std::move(path));
    return found;
}

}  // namespace repotool::sync
