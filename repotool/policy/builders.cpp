// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/policy/builders.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/external.hpp"
#include "core/fs/tree.hpp"

namespace repotool::publisher {
namespace {

constexpr std::uint64_t kLargestKey = std::uint64_t{64} << 10U;

std::string read_key(const std::string& site_root, const std::string& file) {
    const std::string path = file.starts_with("/") ? file : fs::join_path(site_root, file);
    if (fs::external_status(path, fs::FinalSymlink::follow)) return fs::read_external(path, kLargestKey);
    throw base::Error(base::ErrorKind::usage, "use key", path, "the key of a builder is not there",
                      "put the public key of the build system there, as PEM");
}

std::string shown_key_ids(const signing::Envelope& envelope) {
    std::vector<std::string> ids;
    for (const auto& signature : envelope.signatures)
        ids.push_back(signature.key_id.empty() ? "none" : base::printable(signature.key_id));
    return base::join(ids, ", ");
}

std::string_view without_git(std::string_view source) {
    constexpr std::string_view kGit = "git+";
    if (source.starts_with(kGit)) source.remove_prefix(kGit.size());
    return source;
}

// "..", in whatever spelling a server may take for it.
bool climbs(std::string_view source) {
    return source.find("/..") != std::string_view::npos || source.find("%2e") != std::string_view::npos ||
           source.find("%2E") != std::string_view::npos;
}

// Why this builder's statement does not do; empty where it does.
std::string fault_of_build(const Statement& statement, const BuilderConfig& builder) {
    const auto& types = builder.build_types;
    if (!types.empty() && std::find(types.begin(), types.end(), statement.build_type) == types.end())
        return fmt::format("its buildType '{}' is not among those of builder '{}'", statement.build_type,
                           builder.id);
    if (builder.source_prefix.empty()) return {};
    if (statement.sources.empty())
        return fmt::format("it names no source, and builder '{}' builds from {} alone", builder.id,
                           builder.source_prefix);
    for (const auto& source : statement.sources) {
        if (!is_source_below(source, builder.source_prefix))
            return fmt::format("its source '{}' is not below {}", source, builder.source_prefix);
    }
    return {};
}

}  // namespace

bool is_source_below(std::string_view source, std::string_view prefix) {
    source = without_git(source);
    prefix = without_git(prefix);
    if (!source.starts_with(prefix) || climbs(source)) return false;
    return prefix.ends_with('/') || source.size() == prefix.size() ||
           std::string_view("/@#?").find(source[prefix.size()]) != std::string_view::npos;
}

Builders::Builders(const Config& config, const std::string& site_root) : configured_(config.builders) {
    for (const auto& builder : configured_) {
        for (const auto& file : builder.keys)
            keys_.push_back({&builder, signing::MessageKey(read_key(site_root, file), file)});
    }
}

// One statement about a thousand packages comes a thousand times, one after the other: it is hashed once.
const EnvelopeVerdict& Builders::judge(const std::string& line) {
    if (last_ != nullptr && last_line_ == line) return *last_;
    last_line_ = line;
    last_ = &judge_another(line);
    return *last_;
}

const EnvelopeVerdict& Builders::judge_another(const std::string& line) {
    const auto [known, is_new] = known_.try_emplace(base::sha256_hex(line));
    if (!is_new) return known->second;
    known->second = examine(line);
    known->second.envelope_sha256 = known->first;
    known->second.reason = base::printable(known->second.reason);
    return known->second;
}

// Who signed is settled before a word of the statement counts; what it is about is told in any case.
EnvelopeVerdict Builders::examine(const std::string& line) const {
    EnvelopeVerdict verdict;
    try {
        const signing::Envelope envelope = signing::parse_envelope(line, "envelope");
        if (envelope.payload_type != kStatementPayload) {
            verdict.reason =
                fmt::format("its payloadType is '{}', expected {}", envelope.payload_type, kStatementPayload);
            return verdict;
        }
        const auto known = signers(envelope);
        const Statement statement = parse_statement(envelope.payload, "statement");
        verdict.subjects.insert(statement.subjects.begin(), statement.subjects.end());
        verdict.stage = EnvelopeVerdict::Stage::signature;
        if (known.empty())
            verdict.reason = fmt::format("no key of a listed builder made its signature (keyid: {})",
                                         shown_key_ids(envelope));
        else
            examine_statement(statement, known, verdict);
    } catch (const base::Error& error) {
        verdict.reason = error.reason();
    }
    return verdict;
}

// By whichever signature, whatever its keyid says: one that is good is enough.
std::vector<const Builders::Key*> Builders::signers(const signing::Envelope& envelope) const {
    const std::string covered = signing::pre_authentication_encoding(envelope.payload_type, envelope.payload);
    std::vector<const Key*> found;
    for (const auto& key : keys_) {
        const bool has_signed =
            std::any_of(envelope.signatures.begin(), envelope.signatures.end(),
                        [&](const auto& one) { return key.key.accepts(covered, one.bytes); });
        if (has_signed) found.push_back(&key);
    }
    return found;
}

void Builders::examine_statement(const Statement& statement, const std::vector<const Key*>& signers,
                                 EnvelopeVerdict& verdict) const {
    verdict.stage = EnvelopeVerdict::Stage::statement;
    if (statement.type != kStatementType) {
        verdict.reason = fmt::format("its _type is '{}', expected {}", statement.type, kStatementType);
        return;
    }
    if (statement.predicate_type != kProvenanceType) {
        verdict.reason = fmt::format("it is no SLSA provenance: its predicateType is '{}', expected {}",
                                     statement.predicate_type, kProvenanceType);
        return;
    }
    verdict.stage = EnvelopeVerdict::Stage::builder;
    const auto signer = std::find_if(signers.begin(), signers.end(),
                                     [&](const Key* key) { return key->builder->id == statement.builder; });
    if (signer == signers.end()) {
        verdict.reason =
            fmt::format("it speaks of builder '{}', and key {} is that of '{}'", statement.builder,
                        signers.front()->key.name(), signers.front()->builder->id);
        return;
    }
    verdict.reason = fault_of_build(statement, *(*signer)->builder);
    if (!verdict.reason.empty()) return;
    verdict.stage = EnvelopeVerdict::Stage::proven;
    verdict.builder = statement.builder;
    verdict.key = (*signer)->key.name();
    verdict.build_type = statement.build_type;
    if (!statement.sources.empty()) verdict.source = statement.sources.front();
}

}  // namespace repotool::publisher
