// SPDX-License-Identifier: GPL-3.0-or-later
// Many packages: each is looked at, signed, written and read back in one go, on all cores.
#include "signing/rpm_signer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/work_queue.hpp"
#include "core/fs/external.hpp"
#include "core/fs/host.hpp"
#include "signing/rpm_check.hpp"
#include "signing/rpm_keyring.hpp"
#include "signing/rpm_layout.hpp"
#include "signing/rpm_writer.hpp"

namespace repotool::signing {
namespace {

// One package that needs a signature, as it was before.
struct Candidate {
    std::filesystem::path path;
    RpmLayout layout;
    RpmDigests digests;
    // rpm before 4.14: its header does not name the payload's digest, so a signature has to cover that too.
    bool is_old() const { return layout.payload_digest.empty(); }
};

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& reason,
                         const std::string& hint = {}) {
    throw base::Error(base::ErrorKind::signing, "sign package", path.string(), reason, hint);
}

std::uint64_t count_links(const std::filesystem::path& path) {
    try {
        if (const auto status = fs::external_status(path.string(), fs::FinalSymlink::follow))
            return status->links;
    } catch (const base::SystemError& error) {
        refuse(path, error.reason());
    }
    refuse(path, "there is no such file");
}

void require_private_copy(const std::filesystem::path& path) {
    const std::uint64_t links = count_links(path);
    if (links > 1) refuse(path, fmt::format("the file has {} hard links", links), "sign a copy of it");
}

// What is known of the key that signs: librpm's arithmetic for each package, GPGME's judgement where it is
// needed.
class WantedKey {
public:
    explicit WantedKey(const std::string& public_key) : public_key_(public_key), keyring_(public_key) {}

    // Of the key, and in a client's eyes good. GPGME is asked where the arithmetic is right: a key that it
    // refuses now may have signed then.
    bool has_signed(const std::filesystem::path& path, const RpmLayout& layout) {
        if (!covers(header_content(layout), layout, SignatureTag::rsa_header, SignatureTag::dsa_header))
            return false;
        return judge(path, layout).good;
    }
    PackageVerdict judge(const std::filesystem::path& path, const RpmLayout& layout) {
        const std::lock_guard lock(mutex_);
        if (!verifier_) verifier_.emplace(std::vector{public_key_});
        return check_package(path, layout, *verifier_);
    }

private:
    bool covers(const Content& content, const RpmLayout& layout, SignatureTag one, SignatureTag other) const {
        for (const auto tag : {one, other})
            if (const auto found = layout.signatures.find(tag); found != layout.signatures.end())
                return keyring_.verifies(content, found->second);
        return false;
    }

    std::string public_key_;
    RpmKeyring keyring_;
    std::mutex mutex_;
    // Knows this key alone, so whatever it calls good is signed by the wanted key. Starting it takes gpg long
    // enough to sign twenty packages meanwhile.
    std::optional<Verifier> verifier_;
};

std::optional<Candidate> examine(const std::string& path, WantedKey& key) {
    Candidate candidate{path, read_rpm_layout(path), {}};
    require_private_copy(path);
    candidate.digests = digests_of(path, candidate.layout);
    if (const auto fault = fault_of_digests(candidate.layout, candidate.digests); !fault.empty())
        throw base::Error(base::ErrorKind::input, "sign package", path, fault);
    if (has_signature(candidate.layout) && key.has_signed(path, candidate.layout)) return std::nullopt;
    return candidate;
}

// Those that need a signature, by their place in `paths`.
std::map<std::size_t, Candidate> find_candidates(const std::vector<std::string>& paths, WantedKey& key) {
    std::vector<std::optional<Candidate>> found(paths.size());
    std::map<std::size_t, Candidate> candidates;
    base::WorkQueue queue(fs::processor_count());
    for (std::size_t at = 0; at < paths.size(); ++at)
        queue.add([&, at] { found[at] = examine(paths[at], key); },
                  [&, at] {
                      if (found[at]) candidates.emplace(at, *std::move(found[at]));
                  });
    queue.finish();
    return candidates;
}

PackageSignatures make_signatures(const Candidate& candidate, Signer& signer) {
    const auto header = signer.sign_packet(header_content(candidate.layout));
    if (!candidate.is_old()) return {header.algorithm, header.bytes, {}};
    const auto package = signer.sign_packet(package_content(candidate.path, candidate.layout));
    return {header.algorithm, header.bytes, package.bytes};
}

// No return code is trusted: what a client reads in the file decides. The packets were verified
// when they were made, over what is here proved to be the same bytes.
void require_signed(const Candidate& before, const PackageSignatures& signatures) {
    const RpmLayout layout = read_rpm_layout(before.path);
    const RpmDigests digests = digests_of(before.path, layout);
    if (digests.package_sha256 != before.digests.package_sha256)
        refuse(before.path, "signing changed the content of the package");
    if (const auto fault = fault_of_digests(layout, digests); !fault.empty()) refuse(before.path, fault);
    std::vector<std::string> wanted{signatures.over_header};
    if (before.is_old()) wanted.push_back(signatures.over_package);
    auto found = signatures_of(layout);
    std::sort(wanted.begin(), wanted.end());
    std::sort(found.begin(), found.end());
    if (found != wanted) refuse(before.path, "it does not carry the signatures that were made");
}

void sign_one(const Candidate& candidate, Signer& signer) {
    const auto signatures = make_signatures(candidate, signer);
    write_signatures(candidate.path, candidate.layout, signatures);
    require_signed(candidate, signatures);
}

}  // namespace

struct PackageSigner::State {
    explicit State(Signer& used) : signer(used), key(used.public_key()) {}

    void sign(const std::map<std::size_t, Candidate>& candidates) {
        base::WorkQueue queue(fs::processor_count());
        for (const auto& [place, candidate] : candidates)
            queue.add(
                [&used = candidate, this] {
                    sign_one(used, signer);
                    std::call_once(is_judged, [&] { judge(used.path); });
                },
                [] {});
        queue.finish();
    }
    // All signatures are of one key and one form: GPGME's judgement of the first is its judgement of each.
    void judge(const std::filesystem::path& path) {
        if (const auto verdict = key.judge(path, read_rpm_layout(path)); !verdict.good)
            refuse(path, "the new signature does not verify: " + verdict.reason);
    }

    Signer& signer;
    WantedKey key;
    std::once_flag is_judged;
};

PackageSigner::PackageSigner(Signer& signer) : state_(std::make_unique<State>(signer)) {}

PackageSigner::~PackageSigner() = default;

std::vector<bool> PackageSigner::sign(const std::vector<std::string>& paths) {
    std::vector<bool> is_changed(paths.size());
    const auto candidates = find_candidates(paths, state_->key);
    if (candidates.empty()) return is_changed;
    state_->sign(candidates);
    for (const auto& [place, candidate] : candidates) is_changed[place] = true;
    return is_changed;
}

}  // namespace repotool::signing
