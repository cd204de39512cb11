// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/publish/update_selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/store/generation_reader.hpp"
#include "repotool/publish/shared_chunks.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;

// name-version-release of a source package; the epoch of a Debian version may be left out.
std::vector<std::string> build_ids(const std::string& source, const std::string& version) {
    std::vector<std::string> ids{fmt::format("{}-{}", source, version)};
    if (const auto colon = version.find(':'); colon != std::string::npos)
        ids.push_back(fmt::format("{}-{}", source, version.substr(colon + 1)));
    return ids;
}

bool is_wanted(const Build& build, const std::string& architecture) {
    const bool is_source = architecture == "src" || architecture == "nosrc" || architecture == "source";
    const auto& wanted = build.architectures;
    return wanted.empty() || std::any_of(wanted.begin(), wanted.end(), [&](const std::string& name) {
               return name == architecture || (is_source && (name == "src" || name == "source"));
           });
}

BuildPackage described(formats::Format format, const store::Record& record, const std::string& origin,
                       const std::string& target) {
    const std::string& tested = record.unsigned_sha256.empty() ? record.sha256 : record.unsigned_sha256;
    return {format, record.name, record.version, record.architecture, tested, origin, target};
}

// The first refusal, with those of its kind that came after it.
class Collected {
public:
    void add(const Error& error) {
        if (!first_)
            first_.emplace(error);
        else
            others_.emplace_back(error.what());
    }
    void throw_if_any() {
        if (!first_) return;
        first_->set_also(others_);
        throw Error(*first_);
    }

private:
    std::optional<Error> first_;
    std::vector<std::string> others_;
};

}  // namespace

void UpdateSelection::run(const std::vector<Ingested>& ingested) {
    dists_.assign(ingested.size(), {});
    if (request_.updates.empty()) return;
    put_index(ingested);
    Collected refusals;
    for (const auto& found : request_.updates) {
        std::vector<BuildReport> builds;
        for (const auto& build : found.update.builds) {
            try {
                builds.push_back(select(found, build, ingested));
            } catch (const base::SystemError&) {
                throw;
            } catch (const Error& refusal) {
                refusals.add(refusal);
            }
        }
        reports_.push_back(make_report(found.update, std::move(builds)));
    }
    refusals.throw_if_any();
}

void UpdateSelection::put_index(const std::vector<Ingested>& ingested) {
    for (std::size_t place = 0; place < ingested.size(); ++place) {
        const formats::Package& package = ingested[place].package;
        for (const auto& id : build_ids(package.source, package.source_version)) by_id_[id].push_back(place);
    }
}

BuildReport UpdateSelection::select(const FoundUpdate& found, const Build& build,
                                    const std::vector<Ingested>& ingested) {
    BuildReport report{build, {}};
    for (const std::size_t place : by_id_[build.id]) {
        const Ingested& item = ingested[place];
        const formats::Package& package = item.package;
        if (!is_wanted(build, package.architecture) || !lies_in(found, build, identities_.of(item.origin)))
            continue;
        const std::string dist = target(build, package.format);
        auto& dists = dists_[place];
        if (std::find(dists.begin(), dists.end(), dist) == dists.end()) dists.push_back(dist);
        report.packages.push_back({package.format, package.name, package.version, package.architecture,
                                   package.sha256, item.origin, dist});
    }
    for (const auto& repository : found.repositories) take(repository, build, report);
    if (report.packages.empty()) refuse_missing(found, build);
    return report;
}

// What the repository has in the dist that the package goes to is what was built for it; else everything.
void UpdateSelection::take(const std::string& repository, const Build& build, BuildReport& report) {
    const store::GenerationReader reader = store::open_generation(filesystem_, "public", repository);
    const std::string origin =
        fmt::format("{}@{}", reader.manifest().repository, reader.manifest().generation);
    std::vector<Candidate> found;
    for (const auto& sub_manifest : reader.sub_manifests()) {
        const auto format = formats::parse_format(sub_manifest.format);
        for (const auto& set : sub_manifest.sets) {
            const SetName name{format, set.dist, set.component, set.architecture};
            reader.for_each_record(set, [&](const store::Record& record) {
                const auto ids = build_ids(record.source, record.source_version);
                if (std::find(ids.begin(), ids.end(), build.id) != ids.end() &&
                    is_wanted(build, record.architecture))
                    found.push_back(to_candidate(name, record, origin));
            });
        }
    }
    const auto is_at_home = [&](const Candidate& candidate) {
        return candidate.dist == target(build, candidate.format);
    };
    const bool has_home = std::any_of(found.begin(), found.end(), is_at_home);
    for (auto& candidate : found) {
        if (has_home && !is_at_home(candidate)) continue;
        place(candidate, config_, {target(build, candidate.format), request_.placement.component});
        report.packages.push_back(described(candidate.format, candidate.record, origin, candidate.dist));
        taken_.push_back(std::move(candidate));
    }
}

std::string UpdateSelection::target(const Build& build, formats::Format format) const {
    if (const auto* dist = config_.find_combination(build.repo, build.dist, format)) return dist->name;
    throw Error(ErrorKind::usage, request_.operation, combination_text(build.repo, build.dist),
                fmt::format("no {} dist of the configuration takes this combination, which '{}' needs",
                            formats::format_name(format), build.id),
                fmt::format("add {{release: {}, dist: {}, format: {}}} to dists: in repotool.yaml",
                            build.repo, build.dist, formats::format_name(format)));
}

void UpdateSelection::refuse_missing(const FoundUpdate& found, const Build& build) const {
    std::vector<std::string> there;
    for (const auto& [id, places] : by_id_) {
        if (!places.empty()) there.push_back(id);
    }
    const std::string nearest = base::nearest(build.id, there);
    const std::string wanted =
        build.architectures.empty() ? "" : fmt::format(" for {}", base::join(build.architectures, ", "));
    const std::string where = found.update.packages.empty() ? build_directory(found, build)
                                                            : base::join(found.update.packages, ", ");
    throw Error(ErrorKind::input, request_.operation, place_of(found.update, build),
                fmt::format("the build '{}' of {} has no package{} in {}", build.id,
                            combination_text(build.repo, build.dist), wanted, where),
                nearest.empty() || nearest == build.id
                    ? "its packages are those that were built from the source package of this name, "
                      "version and release"
                    : fmt::format("did you mean '{}'?", nearest));
}

}  // namespace repotool::publisher
