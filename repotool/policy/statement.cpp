// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/policy/statement.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/strict_json.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;
using nlohmann::json;

class Reading {
public:
    explicit Reading(const std::string& name) : name_(name) {}

    Statement read(std::string_view payload) const {
        const json document = base::parse_strict_json(payload, name_);
        if (!document.is_object()) refuse("the payload is no JSON object");
        Statement statement;
        statement.type = text_at(document, {"_type"});
        statement.predicate_type = text_at(document, {"predicateType"});
        if (statement.type == kStatementType) add_subjects(document, statement);
        if (statement.predicate_type != kProvenanceType) return statement;
        statement.builder = text_at(document, {"predicate", "runDetails", "builder", "id"});
        statement.build_type = text_at(document, {"predicate", "buildDefinition", "buildType"});
        if (const json* parameters = find(document, {"predicate", "buildDefinition", "externalParameters"}))
            add_sources(*parameters, statement);
        return statement;
    }

private:
    using Path = std::initializer_list<const char*>;

    // Null where it is not there.
    const json* find(const json& document, Path path) const {
        const json* at = &document;
        for (const char* key : path) {
            if (!at->is_object()) refuse(fmt::format("what holds `{}` is no JSON object", key));
            const auto found = at->find(key);
            if (found == at->end() || found->is_null()) return nullptr;
            at = &*found;
        }
        return at;
    }

    std::string text_at(const json& document, Path path) const {
        const json* found = find(document, path);
        if (found == nullptr) return {};
        if (!found->is_string()) refuse(fmt::format("`{}` is no text", *(path.end() - 1)));
        return found->get<std::string>();
    }

    void add_subjects(const json& document, Statement& statement) const {
        const json* subjects = find(document, {"subject"});
        if (subjects == nullptr || !subjects->is_array()) refuse("`subject` is no list");
        for (const auto& subject : *subjects) {
            const std::string sha256 = text_at(subject, {"digest", "sha256"});
            if (base::is_sha256_hex(sha256)) statement.subjects.push_back(sha256);
        }
    }

    void add_sources(const json& parameters, Statement& statement) const {
        const json* source = find(parameters, {"source"});
        const bool is_text = source != nullptr && source->is_string();
        const std::vector<std::string> named{
            is_text ? source->get<std::string>() : text_at(parameters, {"source", "uri"}),
            text_at(parameters, {"repository"}), text_at(parameters, {"workflow", "repository"}),
            text_at(parameters, {"buildConfigSource", "repository"}),
            text_at(parameters, {"sourceToBuild", "repository"})};
        for (const auto& text : named) {
            if (!text.empty()) statement.sources.push_back(text);
        }
    }

    [[noreturn]] void refuse(const std::string& reason) const {
        throw Error(ErrorKind::input, "read", name_, "it is no statement: " + reason);
    }

    const std::string& name_;
};

}  // namespace

Statement parse_statement(std::string_view payload, const std::string& name) {
    return Reading(name).read(payload);
}

}  // namespace repotool::publisher
