// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/preparation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/fs/host.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_tree.hpp"
#include "repotool/ingest/ingest.hpp"
#include "repotool/ingest/package_signing.hpp"
#include "repotool/ingest/placement.hpp"
#include "repotool/policy/subject.hpp"
#include "repotool/publish/extra_text.hpp"
#include "repotool/publish/metadata_changes.hpp"
#include "repotool/publish/publish_steps.hpp"
#include "repotool/publish/rules.hpp"
#include "repotool/publish/update_selection.hpp"
#include "signing/rpm_signer.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;
using store::GenerationReader;

Candidate to_candidate(const Ingested& ingested) {
    const formats::Package& package = ingested.package;
    Candidate candidate;
    candidate.format = package.format;
    candidate.kind = package.kind;
    candidate.record = {
        package.name,       package.version, package.architecture,   "", package.sha256, package.size, "",
        package.content_id, package.source,  package.source_version, {}};
    for (const auto& file : package.files)
        candidate.record.files.push_back({file.name, file.sha256, file.size});
    candidate.file_name = package.file_name;
    candidate.origin = ingested.origin;
    candidate.staged_path = ingested.staged_path;
    candidate.staged_files = ingested.staged_files;
    candidate.any_architecture = package.any_architecture;
    return candidate;
}

bool is_wanted(const std::vector<PackagePattern>& filter, const store::SetEntry& set,
               const store::Record& record) {
    return filter.empty() || std::any_of(filter.begin(), filter.end(), [&](const PackagePattern& pattern) {
               return (pattern.dist.empty() || pattern.dist == set.dist) && matches(pattern, record);
           });
}

// Metadata belongs to all packages of a dist, not to some.
bool is_wanted_as_a_whole(const std::vector<PackagePattern>& filter, const store::SetEntry& set) {
    return filter.empty() || std::any_of(filter.begin(), filter.end(), [&](const PackagePattern& pattern) {
               return matches_all(pattern) && (pattern.dist.empty() || pattern.dist == set.dist);
           });
}

}  // namespace

Preparation::Preparation(const PublishContext& context, const PublishRequest& request,
                         store::Transaction& transaction, signing::Signer* signer)
    : context_(context),
      request_(request),
      filesystem_(context.site.filesystem()),
      transaction_(transaction),
      signer_(signer),
      catalog_(filesystem_, transaction.fresh_path()),
      steps_(filesystem_, transaction, catalog_),
      gatekeeper_(context, request),
      provenance_(context, request) {
    prepared_.operation = request.operation;
    prepared_.rules = request.rules;
    prepared_.removals = request.removals;
    prepared_.user = fs::user_name();
    prepared_.host = fs::host_name();
    prepared_.job = context.job;
    prepared_.meta = request.meta;
}

Preparation::~Preparation() = default;

IngestedInputs Preparation::take_inputs(Reused& reused) {
    if (auto earlier = steps_.ingested()) {
        reused = Reused::yes;
        return std::move(*earlier);
    }
    const std::int64_t start = base::monotonic_ms();
    const IngestOptions options{
        read_uploader_keys(filesystem_.root(), context_.config.repository(request_.repository)),
        context_.config.metadata.contents ? Contents::list : Contents::leave_out,
        request_.dry_run == DryRun::yes ? Adopt::no : request_.adopt};  // adopting changes a file's mode
    IngestedInputs inputs = ingest(filesystem_, transaction_, catalog_, request_.inputs, options);
    const bool is_any = !inputs.packages.empty() || !inputs.extras.empty();
    if (is_any) steps_.note_ingested(inputs, base::monotonic_ms() - start);
    return inputs;
}

Reused Preparation::collect() {
    auto& candidates = prepared_.candidates;
    provenance_.take_statements();  // before ingest starts threads: workers read them
    Reused reused = Reused::no;
    IngestedInputs inputs = take_inputs(reused);
    add_placed(inputs.packages);
    for (auto& extra : inputs.extras) {
        extra.dist = extra_dist(extra, context_.config, request_.placement, candidates);
        prepared_.extras.push_back(std::move(extra));
    }
    demand_one_text(prepared_.extras, request_.operation);
    const std::size_t from_files = candidates.size();
    for (const auto& source : request_.sources) add_from_repository(source);
    for (std::size_t i = from_files; i < candidates.size(); ++i) check_dist(candidates[i], context_.config);
    candidates = without_repetitions(std::move(candidates));
    const bool asks_for_packages =
        request_.removals.empty() && !request_.rules.is_refresh && !request_.may_bring_nothing;
    if (asks_for_packages && candidates.empty() && prepared_.shared.empty() && prepared_.extras.empty())
        throw Error(ErrorKind::input, request_.operation, request_.repository,
                    "there is no package in what was given");
    const bool replaces = context_.config.repository(request_.repository).rules.replace;
    for (auto& candidate : candidates)
        candidate.record.path = pool_path(candidate, replaces ? PathStyle::with_digest : PathStyle::plain);
    std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
        return record_key(a.record) < record_key(b.record);
    });
    ask_gate();
    pin_existing();
    return reused;
}

// What comes in by no update; and who built it all.
void Preparation::ask_gate() {
    for (const auto& extra : prepared_.extras) {
        if (!gatekeeper_.asks_about(extra)) continue;
        brought_.try_emplace(extra.origin, GateSubject{extra.origin, {}, {}})
            .first->second.metadata.insert(extra.dist);
    }
    for (auto& [origin, subject] : brought_) gatekeeper_.add(std::move(subject));
    gatekeeper_.demand();
    prepared_.meta.insert(gatekeeper_.meta().begin(), gatekeeper_.meta().end());
    provenance_.demand(prepared_.candidates);
    prepared_.meta.insert(provenance_.meta().begin(), provenance_.meta().end());
    provenance_.keep_statements(prepared_.candidates);
}

// What an update names goes where it says; everything else by the rules of placement.
void Preparation::add_placed(const std::vector<Ingested>& packages) {
    UpdateSelection selection(filesystem_, context_.config, request_);
    selection.run(packages);
    for (std::size_t i = 0; i < packages.size(); ++i) {
        const auto& dists = selection.dists_of(i);
        for (const auto& dist : dists) {
            prepared_.candidates.push_back(to_candidate(packages[i]));
            place(prepared_.candidates.back(), context_.config, {dist, request_.placement.component});
        }
        if (!dists.empty() || packages[i].is_candidate) continue;
        prepared_.candidates.push_back(to_candidate(packages[i]));
        Candidate& candidate = prepared_.candidates.back();
        place(candidate, context_.config, request_.placement, packages[i].dist);
        GateSubject& subject =
            brought_.try_emplace(candidate.origin, GateSubject{candidate.origin, {}, {}}).first->second;
        subject.packages.push_back(tested_package(candidate));
    }
    for (const auto& candidate : selection.taken()) prepared_.candidates.push_back(candidate);
    for (const auto& found : request_.updates) {
        for (const auto& repository : found.repositories)
            demand_uploaders(repository.substr(0, repository.find('@')));
    }
    updates_ = std::move(selection.reports());
    collate_verdicts(updates_, context_.config, [this](const auto& update, const auto& combination) {
        return gatekeeper_.judge(update, combination);
    });
    demand_verdicts(updates_, request_.operation);
}

void Preparation::add_from_repository(const std::string& reference) {
    const GenerationReader source = store::open_generation(filesystem_, "public", reference);
    demand_uploaders(source.manifest().repository);
    const GenerationName name = name_of(source);
    const std::string origin = fmt::format("{}@{}", name.repository, name.generation);
    brought_.try_emplace(origin, GateSubject{origin, name, {}});
    for (const auto& sub_manifest : source.sub_manifests()) {
        const auto format = formats::parse_format(sub_manifest.format);
        for (const auto& set : sub_manifest.sets) {
            add_packages_of(source, format, set);
            if (is_wanted_as_a_whole(request_.filter, set)) add_extras_of(source, set);
        }
    }
}

void Preparation::add_packages_of(const GenerationReader& source, formats::Format format,
                                  const store::SetEntry& set) {
    const SetName name{format, set.dist, set.component, set.architecture};
    const std::string origin =
        fmt::format("{}@{}", source.manifest().repository, source.manifest().generation);
    const store::ChunkList chunks = source.chunk_list(set);
    const std::set<std::string> published = digests_to_share(name, chunks);
    for (const auto& chunk : chunks) {
        if (published.contains(chunk.sha256)) {
            prepared_.shared.push_back({name, chunk, origin});
            continue;
        }
        for (const auto& record : source.records(chunk)) {
            if (!is_wanted(request_.filter, set, record)) continue;
            prepared_.candidates.push_back(to_candidate(name, record, origin));
            TestedPackage tested = tested_package(prepared_.candidates.back());
            tested.path = store::pool_files(source.manifest().repository, record)[0].path;
            brought_.at(origin).packages.push_back(std::move(tested));
        }
    }
}

// Of the chunks that the repository has in its set of this name. None where each package counts: where some
// are left out, where signatures are looked at, and in small sets.
std::set<std::string> Preparation::digests_to_share(const SetName& name, const store::ChunkList& chunks) {
    const bool takes_all = request_.filter.empty() && !request_.rules.is_exact &&
                           (signer_ == nullptr || name.format == formats::Format::deb) &&
                           context_.config.find_dist(name.dist, name.format) != nullptr;
    std::uint64_t packages = 0;
    for (const auto& chunk : chunks) packages += chunk.records;
    if (!takes_all || packages <= kLargestListedSet) return {};
    if (!current_) current_ = open_current(filesystem_, request_.repository);
    return WorkingSets(current_.get()).chunk_digests(name);
}

// What only signed uploads may enter, other repositories may fill alone where they ask for the same
// signatures.
void Preparation::demand_uploaders(const std::string& source) const {
    const std::string& demanded = context_.config.repository(request_.repository).uploaders;
    if (demanded.empty() || context_.config.repository(source).uploaders == demanded) return;
    throw Error(ErrorKind::policy, request_.operation, source,
                fmt::format("'{}' takes only uploads that keys of {} signed, and '{}' takes others, too",
                            request_.repository, demanded, source),
                fmt::format("publish the signed .changes into '{}', or give '{}' the same 'uploaders'",
                            request_.repository, source));
}

void Preparation::add_extras_of(const GenerationReader& source, const store::SetEntry& set) {
    for (const auto& extra : set.extras) {
        const std::string origin =
            fmt::format("{}@{}", source.manifest().repository, source.manifest().generation);
        const bool is_there =
            std::any_of(prepared_.extras.begin(), prepared_.extras.end(), [&](const ExtraCandidate& other) {
                return other.type == extra.type && other.dist == set.dist && other.origin == origin;
            });
        if (!is_there)  // every architecture has the same
            prepared_.extras.push_back({extra.type, read_extra_text(source, set, extra), origin, set.dist});
    }
}

// I13: before anybody relies on objects that are there already.
void Preparation::pin_existing() {
    std::vector<std::string> digests;
    for (const auto& candidate : prepared_.candidates) {
        if (!candidate.staged_path.empty()) continue;
        digests.push_back(candidate.record.sha256);
        for (const auto& file : candidate.record.files) digests.push_back(file.sha256);
    }
    transaction_.pin(digests);
}

Reused Preparation::sign(WorkingSets& current) {
    if (signer_ == nullptr) return Reused::no;
    std::vector<Candidate*> unsigned_ones;
    for (auto& candidate : prepared_.candidates) {
        const std::string name = record_key(candidate.record) + candidate.dist;
        if (candidate.format != formats::Format::rpm || signed_.contains(name)) continue;
        const auto published = find_published(current, candidate);
        if (published && published->content == candidate.record.content) {
            demand_signed(candidate, *published);
            continue;
        }
        signed_.insert(name);
        unsigned_ones.push_back(&candidate);
    }
    if (request_.dry_run == DryRun::yes) return Reused::no;
    provenance_.keep_fronts(unsigned_ones);
    if (!copies_) copies_ = steps_.signed_copies();
    const std::size_t known = copies_->size();
    const std::int64_t start = base::monotonic_ms();
    sign_candidates(filesystem_, transaction_, catalog_, request_.repository, unsigned_ones, *signer_,
                    *copies_);
    if (copies_->size() == known) return known > 0 ? Reused::yes : Reused::no;
    steps_.note_signed(*copies_, base::monotonic_ms() - start);
    return Reused::no;
}

// A package that was published before the repository was signed keeps its name and its bytes (I1); clients
// that check signatures would refuse it, so do not call it good.
void Preparation::demand_signed(const Candidate& candidate, const store::Record& published) {
    if (!published.unsigned_sha256.empty()) return;  // signed here
    const std::string path = fmt::format("{}/public/{}", filesystem_.root(),
                                         store::pool_files(request_.repository, published)[0].path);
    if (!verifier_) verifier_ = std::make_unique<signing::PackageVerifier>(public_keys_of(*signer_));
    const auto verdict = verifier_->verify(path);
    if (verdict.good) return;
    throw Error(ErrorKind::policy, request_.operation, candidate.origin,
                fmt::format("{} is published already, from before this repository was signed: {}",
                            describe(candidate), verdict.reason),
                "give the package a new version, or promote into a new repository");
}

}  // namespace repotool::publisher
