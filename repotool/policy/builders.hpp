// SPDX-License-Identifier: GPL-3.0-or-later
// The build systems that the configuration believes, and what it believes of them (`builders:`): the checks
// of https://slsa.dev/spec/v1.0/verifying-artifacts.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "repotool/config/config.hpp"
#include "repotool/policy/statement.hpp"
#include "signing/envelope.hpp"
#include "signing/message_key.hpp"

namespace repotool::publisher {

// What an envelope proves, whichever file it is about.
struct EnvelopeVerdict {
    std::string envelope_sha256;     // of its line, without LF
    std::set<std::string> subjects;  // as far as it could be read
    std::string builder;             // whose word it is
    std::string key;                 // the file of the key that signed
    std::string build_type;
    std::string source;  // the first that it names; may be empty
    std::string reason;  // why it proves nothing; empty where it does
    // How far it got: of several that prove nothing, the one that got farthest is spoken of.
    enum class Stage { read, signature, statement, builder, proven } stage = Stage::read;
};

class Builders {
public:
    // Reads the keys. Throws base::Error (usage) where one is missing or no key.
    Builders(const Config& config, const std::string& site_root);

    // Each envelope is verified once, however many files it is about.
    const EnvelopeVerdict& judge(const std::string& line);

private:
    struct Key {
        const BuilderConfig* builder;
        signing::MessageKey key;
    };
    const EnvelopeVerdict& judge_another(const std::string& line);
    EnvelopeVerdict examine(const std::string& line) const;
    std::vector<const Key*> signers(const signing::Envelope& envelope) const;
    void examine_statement(const Statement& statement, const std::vector<const Key*>& signers,
                           EnvelopeVerdict& verdict) const;

    std::vector<BuilderConfig> configured_;
    std::vector<Key> keys_;
    std::map<std::string, EnvelopeVerdict> known_;  // by the line's digest
    std::string last_line_;
    const EnvelopeVerdict* last_ = nullptr;  // of last_line_, in known_
};

// Whether `source` is `prefix`, or lies below it: "https://git.example/acme" has ".../acme/hello" and
// ".../acme@main", and not ".../acme-2" or ".../acme/../other". "git+" before either is left out.
bool is_source_below(std::string_view source, std::string_view prefix);

}  // namespace repotool::publisher
