// SPDX-License-Identifier: GPL-3.0-or-later
// Steps 4 to 8 of a publish, under the repository's lock: one generation out of all requests that wait (group
// commit, I12). A request that a rule refuses gets its refusal, and the others are published without it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/purge_list.hpp"
#include "core/store/transaction.hpp"
#include "repotool/index/generation_builder.hpp"
#include "repotool/packages/catalog.hpp"
#include "repotool/publish/prepared_request.hpp"
#include "repotool/publish/publish.hpp"
#include "repotool/publish/publish_steps.hpp"
#include "repotool/publish/rules.hpp"

namespace repotool::publisher {

struct BatchMember {
    const PreparedRequest* request = nullptr;
    std::string transaction{};  // of a publisher that waits; empty: the caller's own
    RequestOutcome outcome{};
    std::optional<base::Error> refusal{};
    std::shared_ptr<const PreparedRequest> completed{};  // `request` may become this one
};

class Batch {
public:
    // `parent` may be null. `catalog` knows the packages of all members.
    Batch(const PublishContext& context, const std::string& repository, const store::GenerationReader* parent,
          store::Transaction& transaction, Catalog& catalog, signing::Signer* signer);
    ~Batch();

    // Step 4: each member's decisions or refusal, in order.
    void select(std::vector<BatchMember>& members);
    // Steps 5 to 8: makes and flips the generation, if anything changed. Members get their outcome; those
    // that wait get their answers.
    void commit(std::vector<BatchMember>& members, StepTimer& timer);

    // Of the new generation; null where nothing changed.
    const StagedGeneration* generation() const noexcept { return staged_ ? &*staged_ : nullptr; }
    // False once commit() has begun to make names: then there is no second try.
    bool may_try_again() const noexcept { return !has_begun_; }
    bool is_changed() const noexcept { return has_refresh_ || has_plans_; }

private:
    // What is in shared chunks that are not whole any more becomes candidates.
    void add_lost_chunks(BatchMember& member);
    RequestOutcome apply(const PreparedRequest& request);
    void check_purged(const PreparedRequest& request) const;
    void check_release_info(const PreparedRequest& request) const;
    void check_pool_paths(const PreparedRequest& request, const std::vector<Decision>& decisions);
    void check_pool_path(const PreparedRequest& request, const Candidate& candidate,
                         const store::ContentFile& file);
    [[noreturn]] void refuse_path(const PreparedRequest& request, const Candidate& candidate,
                                  const store::ContentFile& file, const std::string& holder) const;
    void save_catalog();
    void keep_objects(const std::vector<BatchMember>& members);
    // Steps 5 to 7.
    void stage(std::vector<BatchMember>& members, StepTimer& timer);
    StagedGeneration build(const std::vector<BatchMember>& members);
    // What a run that died had staged, where it is what this one would stage.
    std::optional<StagedGeneration> staged_before(const std::string& selection);
    std::string parent_digest() const;
    store::HistoryRecord history_record(const std::vector<BatchMember>& members) const;
    void answer(const BatchMember& member, std::uint64_t generation, const std::string& manifest_sha256);

    const PublishContext& context_;
    const std::string& repository_;
    const store::GenerationReader* parent_;
    fs::Filesystem& filesystem_;
    store::Transaction& transaction_;
    Catalog& catalog_;
    signing::Signer* signer_;
    std::vector<std::unique_ptr<store::GenerationReader>> siblings_;
    std::vector<std::unique_ptr<WorkingSets>> sibling_sets_;
    RuleContext rules_;
    store::PurgeList purged_;
    WorkingSets sets_;
    std::vector<SetPlan> plans_;
    std::vector<BuiltSet> built_;
    std::map<std::string, std::pair<std::string, std::string>>
        paths_;                           // → digest and origin, of what is added
    std::vector<std::string> own_paths_;  // of these, what the member at hand brought
    std::optional<StagedGeneration> staged_;
    std::uint64_t number_ = 0;
    bool has_plans_ = false;
    bool has_refresh_ = false;
    bool has_begun_ = false;
};

}  // namespace repotool::publisher
