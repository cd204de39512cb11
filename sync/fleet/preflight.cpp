// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/fleet/preflight.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/fs/tree.hpp"
#include "signing/verifier.hpp"
#include "sync/mirror/content.hpp"

namespace repotool::sync {
namespace {

using base::ErrorKind;
using base::UnixSeconds;

constexpr UnixSeconds kDay = 86400;
constexpr UnixSeconds kKeyWarning = 30 * kDay;
constexpr std::uint64_t kKeyLimit = std::uint64_t{1} << 20U;

class Examiner {
public:
    Examiner(const store::GenerationReader& generation, UnixSeconds now)
        : generation_(generation),
          now_(now),
          shown_(fmt::format("{}@{}", generation.manifest().repository, generation.manifest().generation)) {}

    void release_files() {
        const auto* deb = generation_.find_format("deb");
        if (deb == nullptr) return;
        for (const auto& pointer : deb->pointers) {
            if (fs::base_name(pointer.path) == "Release")
                release_file(pointer.path, generation_.pointer_file(pointer.path).value_or(""));
        }
    }

    void signing_key(const std::string& keyring) {
        const std::string signature = generation_.pointer_file("MANIFEST.asc").value_or("");
        if (signature.empty()) return;
        const auto keys = keyring.empty() ? published_keys() : std::vector<std::string>{keyring};
        if (keys.empty()) return;
        signing::Verifier verifier(keys);
        const auto verdict = verifier.check_detached(generation_.manifest_text(), signature);
        const UnixSeconds expires = verifier.expires(verdict.signer);
        if (expires == 0 || expires > now_ + kKeyWarning) return;
        const bool is_over = expires <= now_;
        add(is_over, ErrorKind::signing,
            fmt::format("the key {} that signed its MANIFEST {} on {}", verdict.signer,
                        is_over ? "expired" : "expires", base::iso8601(expires)),
            is_over ? "renew the key, or sign with another, and publish again"
                    : "renew the key and give clients the new one");
    }

    std::vector<PreflightFinding> findings() && { return std::move(findings_); }

private:
    void release_file(const std::string& path, const std::string& text) {
        const auto date = date_in(text, "Date: ");
        const auto until = date_in(text, "Valid-Until: ");
        if (!until) return;
        // Near: a day, but of a short life its last quarter.
        const UnixSeconds near = date ? std::min(kDay, (*until - *date) / 4) : kDay;
        if (*until > now_ + near) return;
        const bool is_over = *until <= now_;
        add(is_over, ErrorKind::policy,
            fmt::format("{} {} valid until {}", path, is_over ? "was" : "is", base::iso8601(*until)),
            fmt::format("repotool refresh {} dates it anew", generation_.manifest().repository));
    }

    static std::optional<UnixSeconds> date_in(const std::string& text, const std::string& field) {
        for (const auto& line : base::split(text, '\n')) {
            if (!line.starts_with(field)) continue;
            std::string value(base::trim(std::string_view(line).substr(field.size())));
            if (value.ends_with(" UTC")) value.replace(value.size() - 3, 3, "+0000");
            return base::parse_rfc1123(value);
        }
        return std::nullopt;
    }

    std::vector<std::string> published_keys() const {
        std::vector<std::string> keys;
        fs::Filesystem& filesystem = generation_.filesystem();
        for (const auto& name : key_names(generation_)) {
            const std::string path = generation_.path_of("keys/" + name);
            const auto status = filesystem.status(path);
            if (status && status->kind == fs::Kind::file)
                keys.push_back(fs::read_file(filesystem, path, kKeyLimit));
        }
        return keys;
    }

    void add(bool is_fatal, ErrorKind kind, const std::string& reason, const std::string& hint) {
        findings_.push_back(
            {is_fatal, {kind, shown_, fmt::format("cannot bring '{}': {}", shown_, reason), hint}});
        if (!is_fatal) findings_.back().failure.message = fmt::format("{}: {}", shown_, reason);
    }

    const store::GenerationReader& generation_;
    UnixSeconds now_;
    std::string shown_;
    std::vector<PreflightFinding> findings_;
};

}  // namespace

std::vector<PreflightFinding> examine_dates(const store::GenerationReader& generation,
                                            const std::string& keyring, UnixSeconds now) {
    Examiner examiner(generation, now);
    examiner.release_files();
    try {
        examiner.signing_key(keyring);
    } catch (const base::Error& error) {  // a key beside the tree that is none: whose job that is will say so
        base::detail(error.what());
    }
    return std::move(examiner).findings();
}

}  // namespace repotool::sync
