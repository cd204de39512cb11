// SPDX-License-Identifier: GPL-3.0-or-later
// A mirror that does what the one below it does, after a test had its say.
#pragma once

#include <functional>
#include <string>

#include "sync/mirror/mirror.hpp"

namespace repotool::sync::testing {

class SpoiltMirror : public Mirror {
public:
    // Called with the name of each step before it; may throw.
    using Before = std::function<void(const std::string& step)>;
    SpoiltMirror(Mirror& below, Before before) : below_(below), before_(std::move(before)) {}

    const std::string& name() const override { return below_.name(); }
    bool try_lock(const std::string& repository) override {
        before_("lock");
        return below_.try_lock(repository);
    }
    std::string lock_holder(const std::string& repository) override { return below_.lock_holder(repository); }
    void unlock() noexcept override { below_.unlock(); }
    MirrorState state(const std::string& repository) override {
        before_("state");
        return below_.state(repository);
    }
    std::vector<UnfinishedTransaction> unfinished(const std::string& repository) override {
        before_("unfinished");
        return below_.unfinished(repository);
    }
    PlanSummary plan(const StageRequest& request) override {
        before_("plan");
        return below_.plan(request);
    }
    Transferred stage(const StageRequest& request) override {
        before_("stage");
        return below_.stage(request);
    }
    void verify(const StageRequest& request) override {
        before_("verify");
        below_.verify(request);
    }
    void prepare(const TransactionIdentity& identity) override {
        before_("prepare");
        below_.prepare(identity);
    }
    void flip(const TransactionIdentity& identity, Flip kind) override {
        before_(kind == Flip::canary ? "canary" : "flip");
        below_.flip(identity, kind);
    }
    void probe(const TransactionIdentity& identity) override {
        before_("probe");
        below_.probe(identity);
    }
    void finish(const TransactionIdentity& identity, base::UnixSeconds settled) override {
        before_("finish");
        below_.finish(identity, settled);
    }
    void abort(const TransactionIdentity& identity, Undo undo) override {
        before_("abort");
        below_.abort(identity, undo);
    }
    void set_lagging(const std::string& repository, const std::string& reason) override {
        before_("set_lagging");
        below_.set_lagging(repository, reason);
    }
    void clear_lagging(const std::string& repository) override {
        before_("clear_lagging");
        below_.clear_lagging(repository);
    }
    Inspection inspect(const std::string& repository) override {
        before_("inspect");
        return below_.inspect(repository);
    }
    Retired retire(const RetireRequest& request) override {
        before_("retire");
        return below_.retire(request);
    }

private:
    Mirror& below_;
    Before before_;
};

}  // namespace repotool::sync::testing
