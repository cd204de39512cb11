// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/upkeep/expire.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/store/expiry.hpp"
#include "core/store/freeze.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/head.hpp"
#include "core/store/history.hpp"
#include "core/store/recovery.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;

constexpr const char* kExpireMeta = "repotool.expire";

class Expire {
public:
    Expire(const PublishContext& context, const ExpireRequest& request)
        : context_(context), request_(request), filesystem_(context.site.filesystem()) {}

    std::vector<Expiry> run() {
        std::vector<Expiry> found;
        for (const auto& name : names()) {
            if (auto expiry = look_at(name)) found.push_back(std::move(*expiry));
        }
        // All names are good: from here on something may change.
        for (auto& expiry : found) {
            if (expiry.outcome == ExpiryOutcome::expired && request_.dry_run == DryRun::no) carry_out(expiry);
        }
        return found;
    }

private:
    bool is_named() const { return !request_.repositories.empty(); }

    std::vector<std::string> names() const {
        if (!is_named()) return store::list_repositories(filesystem_, "public");
        for (const auto& name : request_.repositories)
            store::open_generation(filesystem_, "public", name);  // says so where there is none
        return request_.repositories;
    }

    // Empty for a repository that never expires.
    std::optional<Expiry> look_at(const std::string& name) const {
        const auto changed = store::last_change(filesystem_, name);
        const auto current = store::make_symlink_head(filesystem_, "public", name)->current();
        if (!changed || !current) return std::nullopt;  // gone while we looked
        std::int64_t period = expiry_period(filesystem_, context_.config, name);
        if (period == 0 && is_named() && !request_.older_than) {
            throw Error(ErrorKind::usage, "expire", name, "it never expires",
                        "give --older-than if it shall go all the same, or set `expire:` in repotool.yaml");
        }
        if (period == 0 && !is_named()) return std::nullopt;
        period = request_.older_than.value_or(period);
        Expiry expiry{name, *current, *changed, period, ExpiryOutcome::kept};
        if (context_.site.clock().real_now() < *changed + period) return expiry;
        if (is_named()) store::check_not_frozen(filesystem_, name, "expire");
        expiry.outcome = store::frozen(filesystem_, name) ? ExpiryOutcome::frozen : ExpiryOutcome::expired;
        return expiry;
    }

    // Under the lock everything is asked again: somebody may have published or frozen it.
    void carry_out(Expiry& expiry) {
        const auto lock =
            context_.site.lock_repository(expiry.repository, context_.lock_timeout, context_.job);
        store::recover(context_.site, expiry.repository);
        const auto now = look_at(expiry.repository);
        if (!now) return;
        expiry = *now;
        if (expiry.outcome != ExpiryOutcome::expired) return;
        const std::string reason = fmt::format("not changed since {}", base::iso8601(expiry.last_change));
        store::expire_repository(context_.site, expiry.repository, reason, context_.job);
    }

    const PublishContext& context_;
    const ExpireRequest& request_;
    fs::Filesystem& filesystem_;
};

}  // namespace

const char* outcome_name(ExpiryOutcome outcome) noexcept {
    switch (outcome) {
        case ExpiryOutcome::expired:
            return "expired";
        case ExpiryOutcome::frozen:
            return "frozen";
        default:
            return "kept";
    }
}

std::int64_t expiry_period(fs::Filesystem& filesystem, const Config& config, const std::string& repository) {
    const auto told = store::History(filesystem, repository).newest_meta(kExpireMeta);
    return told ? base::parse_duration(*told) : config.repository(repository).expire;
}

std::vector<Expiry> expire(const PublishContext& context, const ExpireRequest& request) {
    return Expire(context, request).run();
}

}  // namespace repotool::publisher
