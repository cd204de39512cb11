// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/upkeep/status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "core/fs/tree.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/tags.hpp"
#include "repotool/index/release_info.hpp"
#include "repotool/upkeep/if_allowed.hpp"
#include "signing/verifier.hpp"

namespace repotool::publisher {
namespace {

using base::ErrorKind;
using store::GenerationReader;

constexpr const char* kPublic = "public";
constexpr std::uint64_t kKeyLimit = std::uint64_t{1} << 20U;

class Survey {
public:
    Survey(OpenSite& site, std::optional<std::int64_t> max_age)
        : site_(site),
          filesystem_(*site.filesystem),
          max_age_(max_age),
          now_(site.site->clock().real_now()) {}

    base::UnixSeconds now() const { return now_; }

    RepositoryStatus look_at(const std::string& name) {
        RepositoryStatus status;
        status.repository = name;
        try {
            read_generation(status);
        } catch (const base::Error& error) {
            if (error.kind() != ErrorKind::integrity) throw;
            status.problems.push_back({ErrorKind::integrity, error.what()});
        }
        status.tags = store::list_tags(filesystem_, kPublic, name);
        status.publisher = site_.site->holder(name);
        status.frozen = if_allowed([&] { return store::frozen(filesystem_, name); }).value_or(std::nullopt);
        return status;
    }

private:
    void read_generation(RepositoryStatus& status) {
        const auto reader = store::open_generation(filesystem_, kPublic, status.repository);
        status.generation = reader.manifest().generation;
        status.date = reader.manifest().date;
        status.age = std::max<std::int64_t>(0, now_ - status.date);  // a Date may be 2 s ahead
        for (const auto& sub_manifest : reader.sub_manifests()) {
            for (const auto& set : sub_manifest.sets) status.packages += set.packages;
        }
        status.valid_until = valid_until(reader);
        if (max_age_ && status.age > *max_age_) {
            status.problems.push_back({ErrorKind::policy, fmt::format("it is older than {} s", *max_age_)});
        }
        if (status.valid_until && *status.valid_until < now_) {
            status.problems.push_back({ErrorKind::policy, fmt::format("apt refuses it since {}",
                                                                      base::iso8601(*status.valid_until))});
        }
        check_signature(status, reader);
    }

    void check_signature(RepositoryStatus& status, const GenerationReader& reader) {
        const auto signature = reader.pointer_file("MANIFEST.asc");
        status.is_signed = signature.has_value();
        if (!signature) return;
        const auto verdict = verifier().check_detached(reader.manifest_text(), *signature);
        SignerStatus signer{verdict.good ? verdict.fingerprint : verdict.signer, verdict.good, verdict.reason,
                            std::nullopt};
        if (const auto expires = verifier().expires(signer.fingerprint); expires > 0)
            signer.expires = expires;
        if (!verdict.good)
            status.problems.push_back({ErrorKind::integrity, "its signature: " + verdict.reason});
        status.signer = std::move(signer);
    }

    signing::Verifier& verifier() {
        if (verifier_) return *verifier_;
        std::vector<std::string> keys;
        for (const auto& name : filesystem_.list("public/keys"))
            keys.push_back(fs::read_file(filesystem_, "public/keys/" + name, kKeyLimit));
        verifier_ = std::make_unique<signing::Verifier>(keys);
        return *verifier_;
    }

    OpenSite& site_;
    fs::Filesystem& filesystem_;
    std::optional<std::int64_t> max_age_;
    base::UnixSeconds now_;
    std::unique_ptr<signing::Verifier> verifier_;
};

}  // namespace

SiteStatus site_status(OpenSite& site, const std::vector<std::string>& names,
                       std::optional<std::int64_t> max_age) {
    Survey survey(site, max_age);
    SiteStatus status;
    status.now = survey.now();
    for (const auto& name : names.empty() ? store::list_repositories(*site.filesystem, kPublic) : names)
        status.repositories.push_back(survey.look_at(name));
    status.transactions = if_allowed([&] { return store::count_transactions(*site.site); });
    status.free_bytes = site.filesystem->free_bytes();
    return status;
}

}  // namespace repotool::publisher
