// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/fleet/verification.hpp"

#include <fmt/format.h>

#include <functional>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/store/layout.hpp"

namespace repotool::sync {
namespace {

using base::Error;
using base::ErrorKind;

class Verification {
public:
    Verification(Source& source, const std::string& repository, const FleetOptions& options)
        : source_(source), repository_(repository), options_(options) {}

    Verdict run(const FleetMember& member) const {
        Verdict verdict;
        verdict.mirror = member.mirror->name();
        try {
            judge(member, verdict);
        } catch (const Error& error) {
            const bool is_damage = error.kind() == ErrorKind::integrity;
            fail(verdict, is_damage ? Soundness::damaged : Soundness::unreachable, error);
            if (is_damage) verdict.inspection.add(error.object(), error.reason());
        }
        return verdict;
    }

private:
    void judge(const FleetMember& member, Verdict& verdict) const {
        Inspection& found = verdict.inspection;
        found = member.mirror->inspect(repository_);
        if (!found.generation) {
            fail(verdict, Soundness::missing,
                 Error(ErrorKind::network, "verify", verdict.mirror, "it serves nothing of " + repository_,
                       "mirrorsync brings it there"));
            return;
        }
        const auto published = published_as(*found.generation);
        if (found.is_read) compare(published, verdict);
        if (found.damaged > 0) {
            fail(verdict, Soundness::damaged,
                 Error(ErrorKind::integrity, "verify", verdict.mirror,
                       fmt::format("{} damaged: {}: {}",
                                   base::counted(found.damaged, found.damaged == 1 ? "file is" : "file"),
                                   found.damage[0].path, found.damage[0].problem),
                       fmt::format("delete them and the symlink '{}' there: mirrorsync then brings what is "
                                   "missing",
                                   repository_)));
        } else if (member.checker != nullptr && published) {
            look(*member.checker, *published, verdict);
        }
    }

    // The generation that the mirror serves, as the source has it; empty where it no longer does.
    std::optional<store::GenerationReader> published_as(std::uint64_t generation) const {
        if (!source_.tree.status(store::layout::generation(repository_, generation))) return std::nullopt;
        return store::GenerationReader(source_.tree, "", repository_, generation);
    }

    void compare(const std::optional<store::GenerationReader>& published, Verdict& verdict) const {
        Inspection& found = verdict.inspection;
        const std::string path = store::layout::generation(repository_, *found.generation) + "/MANIFEST";
        const std::string digest = base::sha256_hex(found.manifest);
        if (published && published->manifest_sha256() != digest) {
            found.add(path, fmt::format("expected digest {}, as the source has it, found {}",
                                        published->manifest_sha256(), digest));
        }
        if (!options_.check_signature) return;
        verdict.is_signature_checked = true;
        try {
            options_.check_signature(found.manifest, found.signature);
        } catch (const Error& error) {
            found.add(path + ".asc", error.reason());
        }
    }

    void look(Checker& checker, const store::GenerationReader& generation, Verdict& verdict) const {
        verdict.is_looked_at = true;
        try {
            const StageRequest request{identity_of(generation), generation, {}, {}};
            checker.check_staged(request, std::nullopt);
            checker.check_live(request);
        } catch (const Error& error) {
            fail(verdict, Soundness::unserved, error);
        }
    }

    static void fail(Verdict& verdict, Soundness soundness, const Error& error) {
        verdict.soundness = soundness;
        verdict.failure = describe_failure(std::make_exception_ptr(error), "verify", verdict.mirror);
    }

    Source& source_;
    const std::string& repository_;
    const FleetOptions& options_;
};

}  // namespace

const char* soundness_name(Soundness soundness) {
    switch (soundness) {
        case Soundness::sound:
            return "sound";
        case Soundness::unserved:
            return "unserved";
        case Soundness::missing:
            return "missing";
        case Soundness::unreachable:
            return "unreachable";
        case Soundness::damaged:
            return "damaged";
    }
    return "damaged";
}

std::vector<Verdict> verify_fleet(Source& source, const std::string& repository,
                                  const std::vector<FleetMember>& members, const FleetOptions& options) {
    store::open_generation(source.tree, "", repository);  // a name that is nowhere is told once
    const Verification verification(source, repository, options);
    std::vector<Verdict> verdicts(members.size());
    std::vector<std::function<void()>> work;
    for (std::size_t i = 0; i < members.size(); ++i) {
        work.emplace_back([&, i] {
            try {
                verdicts[i] = verification.run(members[i]);
            } catch (const std::exception&) {
                verdicts[i].failure = describe_failure(std::current_exception());
                verdicts[i].soundness = Soundness::unreachable;
            }
        });
    }
    runtime_of(options).run_all(work, options.policy.parallel);
    return verdicts;
}

}  // namespace repotool::sync
