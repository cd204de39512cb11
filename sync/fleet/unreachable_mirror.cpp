// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/fleet/unreachable_mirror.hpp"

namespace repotool::sync {
namespace {

using base::Error;
using base::ErrorKind;

class UnreachableMirror : public Mirror {
public:
    UnreachableMirror(std::string name, const Error& error)
        : name_(std::move(name)),
          error_(error.kind() == ErrorKind::usage ? ErrorKind::usage : ErrorKind::network, error.verb(),
                 error.object(), error.reason(), error.hint()) {}

    const std::string& name() const override { return name_; }
    bool try_lock(const std::string& /*repository*/) override { throw error_; }
    std::string lock_holder(const std::string& /*repository*/) override { throw error_; }
    void unlock() noexcept override {}
    MirrorState state(const std::string& /*repository*/) override { throw error_; }
    std::vector<UnfinishedTransaction> unfinished(const std::string& /*repository*/) override {
        throw error_;
    }
    PlanSummary plan(const StageRequest& /*request*/) override { throw error_; }
    Transferred stage(const StageRequest& /*request*/) override { throw error_; }
    void verify(const StageRequest& /*request*/) override { throw error_; }
    void prepare(const TransactionIdentity& /*identity*/) override { throw error_; }
    void flip(const TransactionIdentity& /*identity*/, Flip /*kind*/) override { throw error_; }
    void probe(const TransactionIdentity& /*identity*/) override { throw error_; }
    void finish(const TransactionIdentity& /*identity*/, base::UnixSeconds /*settled*/) override {
        throw error_;
    }
    void abort(const TransactionIdentity& /*identity*/, Undo /*undo*/) override { throw error_; }
    void set_lagging(const std::string& /*repository*/, const std::string& /*reason*/) override {
        throw error_;
    }
    void clear_lagging(const std::string& /*repository*/) override { throw error_; }
    Inspection inspect(const std::string& /*repository*/) override { throw error_; }
    Retired retire(const RetireRequest& /*request*/) override { throw error_; }

private:
    std::string name_;
    Error error_;
};

}  // namespace

std::unique_ptr<Mirror> make_unreachable_mirror(const std::string& name, const Error& error) {
    return std::make_unique<UnreachableMirror>(name, error);
}

}  // namespace repotool::sync
