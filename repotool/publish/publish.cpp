// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/publish.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/fs/tree.hpp"
#include "core/store/freeze.hpp"
#include "core/store/head.hpp"
#include "core/store/layout.hpp"
#include "core/store/names.hpp"
#include "core/store/queue.hpp"
#include "core/store/recovery.hpp"
#include "core/store/resume.hpp"
#include "core/store/transaction.hpp"
#include "repotool/config/keys.hpp"
#include "repotool/publish/batch.hpp"
#include "repotool/publish/preparation.hpp"
#include "repotool/publish/publish_steps.hpp"
#include "repotool/publish/run_identity.hpp"
#include "repotool/publish/run_steps.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;
using store::GenerationReader;

constexpr std::size_t kMostTogether = 256;  // requests in one generation: the first must not wait for ever

// One publish, from the input files to the answer. run() is the protocol; each step is one function below it.
class Publish {
public:
    Publish(const PublishContext& context, const PublishRequest& request)
        : context_(context), request_(request), filesystem_(context.site.filesystem()), timer_(result_) {}

    PublishResult run() {
        carry_out();
        tell_reused();
        return std::move(result_);
    }

private:
    void carry_out() {
        store::check_repository_name(request_.repository);
        context_.site.check_prefix_free(request_.repository);
        store::check_not_frozen(filesystem_, request_.repository,
                                request_.operation);  // again under the lock
        signer_ = open_signer(context_.config, request_.repository, filesystem_.root(), request_.must_sign,
                              context_.secrets, request_.override_key);  // a bad key shows before any work
        if (begin_or_resume() == Begun::flipped) return;
        preparation_ = std::make_unique<Preparation>(context_, request_, *transaction_, signer_.get());
        // 1. Private, hashed, parsed copies. Nobody waits for this.
        timer_.done("ingest", preparation_->collect());
        result_.updates = preparation_->updates();
        // 2. Sign what the repository does not have yet; before anything names the files, because signing
        // changes them.
        timer_.done("sign", sign());
        if (request_.dry_run == DryRun::yes) return plan();
        // 3. The lock, or the answer of whoever had it and took this request in.
        if (const auto answer = lock_or_answer()) return answered(*answer);
        timer_.done("lock");
        // 4. to 8. One generation for this request and all that wait.
        lead();
    }

    PreparedRequest& prepared() { return preparation_->prepared(); }

    enum class Begun { transaction, flipped };
    // The transaction of the same command that died, or a new one; or the answer, where that one had flipped.
    Begun begin_or_resume() {
        store::RunRequest run{request_.repository, {}, context_.lock_timeout, context_.job};
        if (request_.dry_run == DryRun::no) {
            run.run = run_identity(context_, request_, signer_.get());
            store::Resumed resumed = store::resume(context_.site, run);
            transaction_ = std::move(resumed.transaction);
            if (resumed.flipped && is_answered_by_flipped(*resumed.flipped)) return Begun::flipped;
        }
        if (!transaction_)
            transaction_ =
                store::Transaction::begin(context_.site, request_.repository, request_.operation, run.run);
        return Begun::transaction;
    }

    // False where others have published since: then this run says what it finds.
    bool is_answered_by_flipped(const std::string& staged) {
        const RequestAnswer answer = answer_from_json(staged_run_from(staged).outcome);
        const auto current = store::make_symlink_head(filesystem_, "public", request_.repository)->current();
        if (!current || *current != answer.outcome.generation || !request_.updates.empty()) return false;
        for (const char* step : {"ingest", "sign", "index", "verify", "commit"})
            timer_.done(step, Reused::yes);
        describe(answer.outcome);
        return true;
    }

    void tell_reused() {
        std::vector<std::string> names;
        for (const auto& step : result_.steps) {
            if (step.is_reused) names.push_back(step.name);
        }
        if (names.empty()) return;
        base::info(fmt::format("went on where a run of the same command had died; not done again: {}",
                               base::join(names, ", ")));
    }

    Reused sign() {
        const auto current = open_current(filesystem_, request_.repository);
        WorkingSets sets(current.get());
        return preparation_->sign(sets);
    }

    void plan() {
        parent_ = open_current(filesystem_, request_.repository);
        std::vector<BatchMember> members{{&prepared()}};
        Batch batch(context_, request_.repository, parent_.get(), *transaction_, preparation_->catalog(),
                    signer_.get());
        batch.select(members);
        timer_.done("select");
        if (members[0].refusal) throw Error(*members[0].refusal);
        describe_current();
        result_.decisions = members[0].outcome.decisions;
        result_.unlisted = members[0].outcome.unlisted;
        result_.metadata = members[0].outcome.metadata;
        result_.setting_changes = members[0].outcome.setting_changes;
        result_.changed = members[0].outcome.changed;
        if (!result_.changed) return;
        result_.parent = result_.generation;
        result_.generation = store::next_generation_number(filesystem_, request_.repository);
        result_.manifest_sha256.clear();
    }

    // ---- waiting

    std::optional<RequestAnswer> lock_or_answer() {
        lock_ = context_.site.try_lock_repository(request_.repository, context_.job);
        if (!lock_) {
            prepared().spool_path = preparation_->catalog().spool_path();
            for (const auto& [sha256, place] : preparation_->catalog().spooled())
                prepared().spooled[sha256] = {place.offset, place.length};
            store::leave_request(filesystem_, *transaction_, to_json(prepared()));
            if (auto answer = wait()) return answer;
        }
        // From here on one publisher at a time; first, what a dead one left behind.
        store::recover(context_.site, request_.repository);
        if (const auto answer = store::read_answer(filesystem_, *transaction_)) {
            RequestAnswer read = answer_from_json(answer->body);
            if (answer->state == store::AnswerState::final || is_committed(read.outcome)) return read;
        }
        store::retract_request(filesystem_, *transaction_);
        return std::nullopt;
    }

    // Empty: the lock is ours.
    std::optional<RequestAnswer> wait() {
        const std::int64_t deadline = base::monotonic_ms() + context_.lock_timeout * 1000;
        for (int pause = 5;; pause = std::min(pause * 2, 50)) {
            const auto answer = store::read_answer(filesystem_, *transaction_);
            if (answer && answer->state == store::AnswerState::final) return answer_from_json(answer->body);
            lock_ = context_.site.try_lock_repository(request_.repository, context_.job);
            if (lock_) return std::nullopt;
            const bool is_late = base::monotonic_ms() >= deadline;
            if (is_late && store::withdraw_request(filesystem_, *transaction_))
                throw context_.site.busy(request_.repository, context_.lock_timeout);
            base::system_clock().sleep_ms(pause);
        }
    }

    // A provisional answer came from a publisher that died: it is true if what it speaks of was flipped.
    bool is_committed(const RequestOutcome& outcome) {
        const auto current = store::make_symlink_head(filesystem_, "public", request_.repository)->current();
        if (outcome.generation == 0 || !current || *current < outcome.generation) return false;
        const std::string manifest =
            "public/" + store::layout::generation(request_.repository, outcome.generation) + "/MANIFEST";
        return filesystem_.status(manifest) &&
               base::sha256_hex(fs::read_file(filesystem_, manifest)) == outcome.manifest_sha256;
    }

    void answered(const RequestAnswer& answer) {
        timer_.done("wait");
        if (answer.error) throw Error(*answer.error);
        describe(answer.outcome);
    }

    // ---- leading

    void lead() {
        parent_ = open_current(filesystem_, request_.repository);
        // The next generation may not be dated yet; whoever comes in the meantime is taken along.
        next_date(context_.site.clock(), parent_.get(), request_.repository);
        WorkingSets current(parent_.get());
        preparation_->sign(current);  // only where somebody else published since step 2
        const std::vector<PreparedRequest> others = take_others();
        std::vector<BatchMember> members{{&prepared()}};
        for (std::size_t i = 0; i < others.size(); ++i)
            members.push_back({&others[i], waiting_[i].transaction});
        if (!publish_together(members)) publish_alone(members[0]);
        if (members[0].refusal) throw Error(*members[0].refusal);
        describe(members[0].outcome);
    }

    std::vector<PreparedRequest> take_others() {
        std::vector<PreparedRequest> others;
        for (auto& waiting : store::take_requests(filesystem_, request_.repository, kMostTogether)) {
            try {
                others.push_back(prepared_request_from_json(waiting.body));
                adopt_records(others.back());
                waiting_.push_back(std::move(waiting));
            } catch (const Error& error) {
                // It was written by another version, or its owner has just gone: it is carried out by its
                // owner.
                if (others.size() > waiting_.size()) others.pop_back();
                base::info(error.what());
            }
        }
        return others;
    }

    void adopt_records(const PreparedRequest& request) {
        if (request.spooled.empty()) return;
        const auto spool = filesystem_.open_read(request.spool_path);
        for (const auto& [sha256, part] : request.spooled) {
            std::string body(part.length, '\0');
            if (spool->read_at(body, part.offset) != part.length)
                throw Error(ErrorKind::integrity, "read", request.spool_path,
                            "it is shorter than its request says");
            preparation_->catalog().add(sha256, body);
        }
    }

    // False where the requests of others spoilt the generation: nothing was made, and each can try alone.
    bool publish_together(std::vector<BatchMember>& members) {
        Batch batch(context_, request_.repository, parent_.get(), *transaction_, preparation_->catalog(),
                    signer_.get());
        batch.select(members);
        timer_.done("select");
        try {
            batch.commit(members, timer_);
            return true;
        } catch (const base::SystemError&) {
            throw;  // the disk: it would be the same for each of them
        } catch (const Error& error) {
            if (members.size() == 1 || !batch.may_try_again() || error.kind() == ErrorKind::conflict) throw;
            return false;
        }
    }

    void publish_alone(BatchMember& own) {
        const auto transaction =
            store::Transaction::begin(context_.site, request_.repository, request_.operation);
        std::vector<BatchMember> members{own};
        members[0].refusal.reset();
        Batch batch(context_, request_.repository, parent_.get(), *transaction, preparation_->catalog(),
                    signer_.get());
        batch.select(members);
        batch.commit(members, timer_);
        own = members[0];
    }

    // ---- the answer

    void describe_current() {
        result_.repository = request_.repository;
        result_.is_signed = signer_ != nullptr;
        if (!parent_) return;
        result_.generation = parent_->manifest().generation;
        result_.parent = parent_->manifest().parent ? parent_->manifest().parent->generation : 0;
        result_.manifest_sha256 = parent_->manifest_sha256();
        result_.sub_manifests = parent_->sub_manifests();
    }

    void describe(const RequestOutcome& outcome) {
        parent_ = outcome.generation == 0
                      ? nullptr
                      : std::make_unique<GenerationReader>(filesystem_, "public", request_.repository,
                                                           outcome.generation);
        describe_current();
        result_.decisions = outcome.decisions;
        result_.unlisted = outcome.unlisted;
        result_.metadata = outcome.metadata;
        result_.setting_changes = outcome.setting_changes;
        result_.changed = outcome.changed;
    }

    const PublishContext& context_;
    const PublishRequest& request_;
    fs::Filesystem& filesystem_;
    PublishResult result_;
    StepTimer timer_;
    std::unique_ptr<signing::Signer> signer_;
    std::unique_ptr<fs::Lock> lock_;  // outlives the transaction below: taking back needs it
    std::unique_ptr<store::Transaction> transaction_;
    std::unique_ptr<Preparation> preparation_;
    std::unique_ptr<GenerationReader> parent_;
    std::vector<store::WaitingRequest> waiting_;
};

}  // namespace

PublishResult publish(const PublishContext& context, const PublishRequest& request) {
    return Publish(context, request).run();
}

}  // namespace repotool::publisher
