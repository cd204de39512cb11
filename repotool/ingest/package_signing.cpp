// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/ingest/package_signing.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"
#include "repotool/ingest/placement.hpp"
#include "signing/rpm_signer.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;

struct Signing {
    Candidate* candidate;
    std::string path;  // of the copy that is signed, relative to the site
    bool from_pool = false;
    std::string name{};  // among the signed copies
};

std::string private_copy(fs::Filesystem& filesystem, store::Transaction& transaction,
                         const Candidate& candidate) {
    const std::string source_path = candidate.staged_path.empty()
                                        ? store::layout::object(candidate.record.sha256)
                                        : candidate.staged_path;
    const std::string path = transaction.fresh_path();
    const auto source = filesystem.open_read(source_path);
    const auto target = filesystem.create(path, 0600);  // librpm writes to it
    target->append_range(*source, 0, source->status().size);
    target->close();
    return path;
}

// What the pool holds under the name that this package would get, if that is this package signed with this
// key.
bool take_from_pool(fs::Filesystem& filesystem, const std::string& repository, Signing& signing,
                    signing::PackageVerifier& verifier) {
    const std::string path = fmt::format("public/{}/{}", store::layout::pool(repository),
                                         pool_path(*signing.candidate, PathStyle::plain));
    if (!filesystem.status(path)) return false;
    const auto verdict = verifier.verify(fs::join_path(filesystem.root(), path));
    signing.path = path;
    signing.from_pool = verdict.good;
    return verdict.good;
}

// The candidate becomes the signed file: everything that indexes say comes from that.
void adopt(store::Transaction& transaction, const Signing& signing, const base::FileDigests& digests,
           const formats::Package& package) {
    Candidate& candidate = *signing.candidate;
    if (package.content_id != candidate.record.content) {
        if (signing.from_pool) {
            throw Error(ErrorKind::policy, "publish", candidate.origin,
                        fmt::format("{} is published already with other content", describe(candidate)),
                        "give the package a new version");
        }
        throw Error(ErrorKind::signing, "sign", candidate.origin, "signing changed more than the signature");
    }
    if (digests.sha256 == candidate.record.sha256) return;  // it was signed with this key before
    if (candidate.record.unsigned_sha256.empty()) candidate.record.unsigned_sha256 = candidate.record.sha256;
    candidate.record.sha256 = digests.sha256;
    candidate.record.size = digests.size;
    candidate.staged_path = signing.from_pool ? "" : signing.path;
    if (signing.from_pool) transaction.pin({digests.sha256});
}

void take_known(store::Transaction& transaction, Catalog& catalog, Signing signing, const SignedCopy& copy) {
    signing.path = copy.path;
    base::FileDigests digests;
    digests.sha256 = copy.sha256;
    digests.size = copy.size;
    adopt(transaction, signing, digests, catalog.find(copy.sha256, formats::Format::rpm));
}

}  // namespace

std::string signed_copy_name(const Candidate& candidate) {
    return candidate.record.sha256 + " " + candidate.record.path;
}

std::vector<std::string> public_keys_of(signing::Signer& signer) {
    std::vector<std::string> keys;
    for (const auto& key : signer.public_keys()) keys.push_back(key.armored);
    return keys;
}

void sign_candidates(fs::Filesystem& filesystem, store::Transaction& transaction, Catalog& catalog,
                     const std::string& repository, const std::vector<Candidate*>& candidates,
                     signing::Signer& signer, SignedCopies& copies) {
    signing::PackageVerifier verifier(public_keys_of(signer));
    std::vector<Signing> signings;
    std::vector<std::string> to_sign;
    for (auto* candidate : candidates) {
        if (candidate->format != formats::Format::rpm) continue;
        Signing signing{candidate, {}, false, signed_copy_name(*candidate)};
        if (!take_from_pool(filesystem, repository, signing, verifier)) {
            if (const auto known = copies.find(signing.name); known != copies.end()) {
                take_known(transaction, catalog, std::move(signing), known->second);
                continue;
            }
            signing.path = private_copy(filesystem, transaction, *candidate);
            to_sign.push_back(fs::join_path(filesystem.root(), signing.path));
        }
        signings.push_back(signing);
    }
    if (signings.empty()) return;
    if (!to_sign.empty()) signing::PackageSigner(signer).sign(to_sign);
    std::vector<ParseJob> jobs;
    for (const auto& signing : signings) {
        const auto file = filesystem.open_read(signing.path);
        if (!signing.from_pool) {
            file->set_mode(0444);
            file->sync();
        }
        jobs.push_back({formats::Format::rpm, fs::join_path(filesystem.root(), signing.path),
                        fs::digest_file(*file), signing.candidate->origin});
    }
    parse_packages(jobs, [&](std::size_t i, std::optional<std::string> body, const std::string& failure) {
        if (!body)
            throw Error(ErrorKind::signing, "sign", jobs[i].shown_as,
                        "the signed package cannot be read: " + failure);
        const base::FileDigests& digests = jobs[i].digests;
        if (digests.sha256 != signings[i].candidate->record.sha256) catalog.add(digests.sha256, *body);
        adopt(transaction, signings[i], digests, formats::package_from_bytes(*body));
        if (!signings[i].from_pool)
            copies[signings[i].name] = {signings[i].path, digests.sha256, digests.size};
    });
}

}  // namespace repotool::publisher
