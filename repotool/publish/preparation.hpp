// SPDX-License-Identifier: GPL-3.0-or-later
// Steps 1 and 2 of a publish: everything that needs no lock. Files are copied, hashed, parsed, placed and
// signed; what comes out is a request that any publisher of the repository can carry out.
#pragma once

#include <memory>
#include <optional>

#include "core/store/transaction.hpp"
#include "repotool/ingest/ingest.hpp"
#include "repotool/packages/catalog.hpp"
#include "repotool/publish/gatekeeper.hpp"
#include "repotool/publish/prepared_request.hpp"
#include "repotool/publish/provenance_demand.hpp"
#include "repotool/publish/publish.hpp"
#include "repotool/publish/publish_steps.hpp"
#include "repotool/publish/run_steps.hpp"
#include "repotool/publish/working_sets.hpp"
#include "signing/rpm_signer.hpp"
#include "signing/signer.hpp"

namespace repotool::publisher {

class Preparation {
public:
    // `signer` may be null: an unsigned repository.
    Preparation(const PublishContext& context, const PublishRequest& request, store::Transaction& transaction,
                signing::Signer* signer);
    ~Preparation();

    // Step 1. Says whether what a run that died had collected was taken.
    Reused collect();
    // Step 2: signs RPM packages that `current` does not have, each once. Throws base::Error (policy) for a
    // package that was published unsigned. Says whether all signatures are those of a run that died.
    Reused sign(WorkingSets& current);

    // After the two steps.
    PreparedRequest& prepared() noexcept { return prepared_; }
    Catalog& catalog() noexcept { return catalog_; }
    const std::vector<UpdateReport>& updates() const noexcept { return updates_; }

private:
    IngestedInputs take_inputs(Reused& reused);
    void add_placed(const std::vector<Ingested>& packages);
    void add_from_repository(const std::string& reference);
    void add_packages_of(const store::GenerationReader& source, formats::Format format,
                         const store::SetEntry& set);
    std::set<std::string> digests_to_share(const SetName& name, const store::ChunkList& chunks);
    void demand_uploaders(const std::string& source) const;
    void add_extras_of(const store::GenerationReader& source, const store::SetEntry& set);
    void ask_gate();
    void pin_existing();
    void demand_signed(const Candidate& candidate, const store::Record& published);

    const PublishContext& context_;
    const PublishRequest& request_;
    fs::Filesystem& filesystem_;
    store::Transaction& transaction_;
    signing::Signer* signer_;
    Catalog catalog_;
    RunSteps steps_;
    std::optional<SignedCopies> copies_;  // of a run that died, and of this one
    PreparedRequest prepared_;
    std::vector<UpdateReport> updates_;
    Gatekeeper gatekeeper_;
    ProvenanceDemand provenance_;
    std::map<std::string, GateSubject> brought_;  // by repositories and files, by their candidates' origin
    std::set<std::string> signed_;
    std::unique_ptr<signing::PackageVerifier> verifier_;  // made when it is asked for
    std::unique_ptr<store::GenerationReader> current_;    // opened when it is asked for
};

}  // namespace repotool::publisher
