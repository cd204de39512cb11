// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/rsync/rsync_mirror.hpp"

#include <fmt/format.h>

#include <map>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"
#include "sync/directory/mirror_journal.hpp"

namespace repotool::sync {
namespace {

using base::Error;
using base::ErrorKind;

// In the mirror's root: a file, and a symlink to it.
std::pair<std::string, std::string> link_check_of(const TransactionIdentity& identity) {
    const std::string file = "mirrorsync-check-" + identity.id().substr(0, 16);
    return {file, file + ".link"};
}

// Content that rsync sends from the source itself: a marker stands for it until it gets its name.
class RsyncStaging : public Staging {
public:
    using Staging::Staging;

protected:
    void bring_staged(const Staged& staged) override {
        stop_if_asked();
        mirror().create(staged.staged_path, 0644)->close();
        count_sent(staged.file.size);
        content_[staged.staged_path] = staged.file.path;
    }
    // Of what will be sent. What arrived is compared with that when it is there.
    base::FileDigests digest_of(const std::string& path) const override {
        stop_if_asked();
        const auto found = content_.find(path);
        const auto& source = request().source;
        return fs::digest_file(
            *source.filesystem().open_read(source.path_of(found == content_.end() ? path : found->second)));
    }

private:
    std::map<std::string, std::string> content_;  // by its marker
};

}  // namespace

RsyncMirror::RsyncMirror(std::string name, std::unique_ptr<RsyncTree> tree, MirrorOptions options,
                         std::string check)
    : DirectoryMirror(std::move(name), std::move(tree), std::move(options)),
      tree_(static_cast<RsyncTree&>(filesystem())),
      check_(std::move(check)) {}

// A step that failed begins with what the mirror has then.
template <typename Step>
auto RsyncMirror::pushing(const Step& step) {
    try {
        if constexpr (std::is_void_v<decltype(step())>) {
            step();
            tree_.flush();
            tree_.client().set_stop({});
        } else {
            auto result = step();
            tree_.flush();
            tree_.client().set_stop({});
            return result;
        }
    } catch (...) {
        tree_.client().set_stop({});
        tree_.forget();
        throw;
    }
}

void RsyncMirror::look_again(const std::string& repository) {
    if (is_locked_) return;
    tree_.forget();
    look(repository);
}

// In one run what nearly every step wants to know.
void RsyncMirror::look(const std::string& repository) {
    const std::string head = store::layout::head(repository);
    const std::string next = fs::join_path(fs::parent_path(head), "." + fs::base_name(head) + ".new");
    const auto history = fmt::format("{}/history/{}/", mirror_layout::kSite, repository);
    tree_.fetch({head, next, store::layout::generations(repository) + "/", "keys/", history,
                 fmt::format("{}/{}/", mirror_layout::kPrivate, repository),
                 mirror_layout::transactions(repository) + "/", mirror_layout::kNotReady});
}

bool RsyncMirror::try_lock(const std::string& repository) {
    return pushing([&] {
        if (!is_locked_) look_again(repository);
        is_locked_ = DirectoryMirror::try_lock(repository);
        return is_locked_;
    });
}

void RsyncMirror::unlock() noexcept {
    DirectoryMirror::unlock();
    is_locked_ = false;
    tree_.set_source(nullptr, "");
}

MirrorState RsyncMirror::state(const std::string& repository) {
    return pushing([&] {
        look_again(repository);
        return DirectoryMirror::state(repository);
    });
}

std::vector<UnfinishedTransaction> RsyncMirror::unfinished(const std::string& repository) {
    return pushing([&] {
        look_again(repository);
        return DirectoryMirror::unfinished(repository);
    });
}

void RsyncMirror::use_source(const StageRequest& request) {
    tree_.client().set_stop(request.stop);
    tree_.set_source(&request.source.filesystem(), request.source.path_of(""));
}

PlanSummary RsyncMirror::plan(const StageRequest& request) {
    return pushing([&] {
        look_again(request.identity.repository);
        use_source(request);
        PlanSummary summary = DirectoryMirror::plan(request);
        summary.free_bytes.reset();
        return summary;
    });
}

// ---- the way to PREPARED
// -----------------------------------------------------------------------------------------

Transferred RsyncMirror::stage(const StageRequest& request) {
    return pushing([&] {
        use_source(request);
        require_links(request.identity);
        if (planned() == nullptr) DirectoryMirror::plan(request);
        know_all_of(*planned());
        return DirectoryMirror::stage(request);
    });
}

void RsyncMirror::know_all_of(const Plan& plan) {
    std::vector<std::string> paths;
    for (const auto* list : {&plan.packages, &plan.metadata, &plan.expected}) {
        for (const auto& file : *list) paths.push_back(file.path);
    }
    for (const auto& link : plan.shared_links) paths.push_back(link.path);
    tree_.know(paths);
}

// A daemon that changes symlinks changes them back when it is asked for them: only its web server tells.
void RsyncMirror::require_links(const TransactionIdentity& identity) {
    const auto [file, link] = link_check_of(identity);
    remove_link_check(identity);  // that of a run that was killed
    fs::write_new_file(tree_, file, identity.id(), 0644, 0, fs::Durable::no);
    tree_.symlink(file, link);
    tree_.flush();
    const std::string reason_of_file = reason_not_to_serve(file, identity.id());
    const std::string reason_of_link = reason_not_to_serve(link, identity.id());
    const bool is_munged = reason_of_file.empty() && !reason_of_link.empty() && !tree_.follows(link);
    remove_link_check(identity);
    if (!reason_of_file.empty())
        throw Error(ErrorKind::network, "find what was pushed to", name(), reason_of_file,
                    "is 'check' the address of the target's directory?");
    if (is_munged)
        throw Error(ErrorKind::usage, "bring symlinks to", name(),
                    "its rsync daemon changes where they lead (munge symlinks)",
                    "set 'munge symlinks = no' for the module in rsyncd.conf");
    if (!reason_of_link.empty())
        throw Error(ErrorKind::network, "bring symlinks to", name(),
                    "its web server does not follow them: " + reason_of_link,
                    "let it follow symlinks below its root");
}

void RsyncMirror::remove_link_check(const TransactionIdentity& identity) {
    const auto [file, link] = link_check_of(identity);
    tree_.know({file, link});
    tree_.remove(link);
    tree_.remove(file);
    tree_.flush();
}

std::string RsyncMirror::reason_not_to_serve(const std::string& path, const std::string& bytes) {
    constexpr std::uint64_t kMost = 4096;
    const std::string address = net::join_url(check_, path);
    try {
        return client_.get(address, kMost) == bytes ? "" : fmt::format("{} has other bytes", address);
    } catch (const Error& error) {
        return error.what();
    }
}

std::unique_ptr<Staging> RsyncMirror::make_staging(const StageRequest& request,
                                                   const std::string& directory) {
    // rsync limits its own rate.
    static RateLimit none(0);
    return std::make_unique<RsyncStaging>(tree_, request, directory, none);
}

void RsyncMirror::verify(const StageRequest& request) {
    pushing([&] {
        use_source(request);
        DirectoryMirror::verify(request);
    });
}

void RsyncMirror::prepare(const TransactionIdentity& identity) {
    pushing([&] {
        std::vector<std::string> content;
        std::vector<std::string> made{
            store::layout::generation(identity.repository, identity.version.generation)};
        if (const Plan* plan = planned()) {
            for (const auto* list : {&plan->packages, &plan->metadata}) {
                for (const auto& file : *list) content.push_back(file.path);
            }
            for (const auto& link : plan->shared_links) made.push_back(link.path);
        }
        DirectoryMirror::prepare(identity);
        tree_.flush();
        const auto damaged = tree_.differing(content, made);
        if (damaged.empty()) return;
        throw Error(ErrorKind::integrity, "accept", fs::join_path(tree_.root(), damaged.front()),
                    "the mirror has other bytes than were sent",
                    "the mirror's disk may be failing, or somebody else wrote it: delete it there");
    });
}

// ---- after COMMIT, or on the canary before it
// --------------------------------------------------------------------

void RsyncMirror::flip(const TransactionIdentity& identity, Flip kind) {
    pushing([&] {
        look_again(identity.repository);
        DirectoryMirror::flip(identity, kind);
    });
}

void RsyncMirror::probe(const TransactionIdentity& identity) {
    pushing([&] {
        tree_.forget();
        look(identity.repository);
        DirectoryMirror::probe(identity);
    });
}

void RsyncMirror::finish(const TransactionIdentity& identity, base::UnixSeconds settled) {
    pushing([&] {
        look_again(identity.repository);
        DirectoryMirror::finish(identity, settled);
    });
}

void RsyncMirror::abort(const TransactionIdentity& identity, Undo undo) {
    pushing([&] {
        look_again(identity.repository);
        DirectoryMirror::abort(identity, undo);
        remove_link_check(identity);
    });
}

// ---- upkeep
// ------------------------------------------------------------------------------------------------------

void RsyncMirror::set_lagging(const std::string& repository, const std::string& reason) {
    pushing([&] {
        look_again(repository);
        DirectoryMirror::set_lagging(repository, reason);
    });
}

void RsyncMirror::clear_lagging(const std::string& repository) {
    pushing([&] {
        look_again(repository);
        DirectoryMirror::clear_lagging(repository);
    });
}

// What it serves can be read through its web server, not hashed there.
Inspection RsyncMirror::inspect(const std::string& repository) {
    return Mirror::inspect(repository);
}

Retired RsyncMirror::retire(const RetireRequest& request) {
    return pushing([&] {
        tree_.forget();
        std::vector<std::string> places{"/", "gen/", fmt::format("{}/", mirror_layout::kSite)};
        for (const char* place : {"trash", "condemned", "orphans", "txn", "text", "history"})
            places.push_back(fmt::format("{}/{}/", mirror_layout::kSite, place));
        tree_.know(places);
        return DirectoryMirror::retire(request);
    });
}

}  // namespace repotool::sync
