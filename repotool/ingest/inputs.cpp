// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/ingest/inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/formats/rpm/extra_metadata.hpp"
#include "core/fs/external.hpp"
#include "core/fs/host.hpp"
#include "core/fs/tree.hpp"
#include "repotool/ingest/repodata_types.hpp"
#include "repotool/ingest/upload_inputs.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;

enum class FileClass { package, source, upload, extra, build_record, update, statement, unknown };

// What a statement about a package is called, after the package's own name or a name of its own.
constexpr const char* kAttestation = ".att";
constexpr const char* kStatements = ".intoto.jsonl";

bool is_statement_file(const std::string& path) {
    if (path.ends_with(kStatements)) return true;
    if (!path.ends_with(kAttestation)) return false;
    const std::string about = path.substr(0, path.size() - std::string_view(kAttestation).size());
    return is_package_file(about) || about.ends_with(".dsc");
}

FileClass classify(const std::string& path) {
    if (is_package_file(path)) return FileClass::package;
    if (path.ends_with(".dsc")) return FileClass::source;
    if (path.ends_with(".changes")) return FileClass::upload;
    if (path.ends_with(".buildinfo")) return FileClass::build_record;
    if (is_statement_file(path)) return FileClass::statement;
    if (formats::rpm::detect_type(fs::base_name(path))) return FileClass::extra;
    const std::string name = fs::base_name(path);
    if (name == "repotool.yaml" || name == "mirrors.yaml") return FileClass::unknown;  // our own settings
    if (path.ends_with(".yml") || path.ends_with(".yaml")) return FileClass::update;
    return FileClass::unknown;
}

std::vector<std::string> list_input(const std::string& directory) {
    try {
        return fs::list_external(directory);
    } catch (const base::SystemError& error) {
        if (error.error_number() != EACCES) throw;
        throw Error(ErrorKind::input, "read", directory, error.reason(),
                    fmt::format("user '{}', who publishes, must be able to read it", fs::user_name()));
    }
}

// A site below a directory holds what was published, nothing that waits to be.
bool is_site(const std::string& directory) {
    return fs::external_status(fs::join_path(directory, "repotool.yaml"), fs::FinalSymlink::keep).has_value();
}

class Expansion {
public:
    explicit Expansion(bool promoted_is_enough) : may_be_promoted(promoted_is_enough) {}

    NamedPaths named;

    void add_argument(const std::string& path) {
        const auto status = fs::external_status(path, fs::FinalSymlink::keep);
        if (!status) throw Error(ErrorKind::input, "read", path, "there is no such file or directory");
        if (status->kind == fs::Kind::directory) return add_directory_argument(path);
        const FileClass file_class = classify(path);
        if (file_class == FileClass::build_record)
            throw Error(ErrorKind::input, "read", path, "it holds no package",
                        "give the .changes that lists it");
        // What it is is told by its first bytes.
        add_file(path, file_class == FileClass::unknown ? FileClass::package : file_class);
    }

    void add_matching(const std::string& directory, const std::vector<std::string>& patterns) {
        for (const auto& name : list_input(directory)) {
            const FileClass file_class = classify(name);
            const bool wanted = std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) {
                return base::matches_glob(pattern, name);
            });
            if (file_class == FileClass::statement) add_statement(name);
            if (!wanted || file_class == FileClass::statement) continue;
            add_file(name, file_class == FileClass::unknown ? FileClass::package : file_class);
        }
    }

    // Where a package of an update may be. What is there and was not named by itself is a candidate.
    void add_candidates(const std::string& path) {
        const auto status = fs::external_status(path, fs::FinalSymlink::keep);
        if (!status || !searched_.insert(path).second) return;  // updates may share a place
        if (status->kind != fs::Kind::directory) return add_candidate(path, FileClass::package);
        for (const auto& name : list_input(path)) {
            if (name.starts_with(".")) continue;
            const std::string below = fs::join_path(path, name);
            const auto kind = fs::external_status(below, fs::FinalSymlink::keep);
            if (kind && kind->kind == fs::Kind::directory)
                add_candidates(below);
            else
                add_candidate(below, FileClass::unknown);
        }
    }

    // By the names of the packages, also of those that an upload lists.
    void add_statements_beside(Inputs& inputs) {
        const auto add = [&](const std::string& package) {
            for (const char* suffix : {kAttestation, kStatements}) {
                const std::string path = package + suffix;
                if (fs::external_status(path, fs::FinalSymlink::keep)) add_statement(path);
            }
        };
        for (const auto& package : inputs.packages) add(package.path);
        for (const auto& source : inputs.sources) add(source.control.path);
        inputs.statements = std::move(named.statements);
    }

    // Nothing was found, and nothing is all right.
    bool is_empty() const { return seen_.empty() && statements_.empty() && !may_be_promoted; }
    Identities identities;
    const bool may_be_promoted;

private:
    // `otherwise`: what a file is whose name does not say it.
    void add_candidate(const std::string& path, FileClass otherwise) {
        const FileClass told = classify(path);
        const FileClass file_class = told == FileClass::unknown ? otherwise : told;
        const bool is_wanted = file_class == FileClass::package || file_class == FileClass::source ||
                               file_class == FileClass::upload;
        if (file_class == FileClass::statement) return add_statement(path);
        if (!is_wanted || seen_.contains(identities.of(path))) return;
        named.candidates.insert(path);
        add_file(path, file_class);
    }

    void add_directory_argument(std::string path) {
        while (path.size() > 1 && path.ends_with('/')) path.pop_back();
        const std::size_t before = found_;
        extras_.clear();
        has_rpm_ = false;
        add_directory(path);
        // comps.xml and its like mean something beside RPM packages alone.
        for (const auto& extra : extras_) {
            if (has_rpm_ && seen_.insert(identities.of(extra.path)).second) named.extras.push_back(extra);
        }
        const bool is_promoted =
            may_be_promoted && fs::external_status(fs::join_path(path, kPromoted), fs::FinalSymlink::keep);
        if (found_ == before && !is_promoted)
            throw Error(ErrorKind::input, "read", path, "there is no package in this directory",
                        "packages end in .deb, .rpm, .dsc or .changes");
    }

    void add_directory(const std::string& directory) {
        const auto types = fs::base_name(directory) == "repodata" ? repodata_types(directory) : std::nullopt;
        if (types) return add_repodata(directory, *types);
        for (const auto& name : list_input(directory)) {
            if (name.starts_with(".")) continue;
            const std::string path = fs::join_path(directory, name);
            const auto status = fs::external_status(path, fs::FinalSymlink::keep);
            const bool is_directory = status && status->kind == fs::Kind::directory;
            if (is_directory && !is_site(path)) add_directory(path);
            if (!is_directory) add_from_directory(path);
        }
    }

    void add_repodata(const std::string& directory, const std::map<std::string, std::string>& types) {
        for (const auto& name : list_input(directory)) {
            if (const auto type = types.find(name); type != types.end())
                extras_.push_back({type->second, fs::join_path(directory, name)});
        }
    }

    void add_from_directory(const std::string& path) {
        const FileClass file_class = classify(path);
        if (file_class == FileClass::extra)
            return extras_.push_back({*formats::rpm::detect_type(fs::base_name(path)), path});
        if (file_class == FileClass::unknown || file_class == FileClass::build_record) return;
        if (file_class == FileClass::statement) return add_statement(path);  // alone it is nothing to publish
        if (path.ends_with(".rpm")) has_rpm_ = true;
        add_file(path, file_class);
    }

    void add_statement(const std::string& path) {
        if (statements_.insert(identities.of(path)).second) named.statements.push_back(path);
    }

    void add_file(const std::string& path, FileClass file_class) {
        ++found_;
        if (file_class == FileClass::statement) return add_statement(path);
        if (!seen_.insert(identities.of(path)).second) return;
        if (file_class == FileClass::source)
            named.sources.push_back(path);
        else if (file_class == FileClass::upload)
            named.uploads.push_back(path);
        else if (file_class == FileClass::extra)
            named.extras.push_back({*formats::rpm::detect_type(fs::base_name(path)), path});
        else if (file_class == FileClass::update)
            named.updates.push_back(path);
        else if (file_class == FileClass::package)
            named.packages.push_back(path);
    }

    std::set<std::string> seen_;
    std::set<std::string> statements_;
    std::set<std::string> searched_;  // for candidates
    std::size_t found_ = 0;           // also those that were named before
    std::vector<ExtraInput> extras_;  // of this directory
    bool has_rpm_ = false;
};

[[noreturn]] void refuse_emptiness(const InputArguments& input) {
    throw Error(ErrorKind::input, "find packages in", input.arguments.empty() ? fs::current_directory() : "-",
                "there are none",
                fmt::format("name package files or directories; without names, {} is looked for",
                            base::join(input.patterns, ", ")));
}

}  // namespace

Inputs expand_inputs(const InputArguments& input) {
    Expansion expansion(input.may_be_promoted);
    for (const auto& argument : input.arguments) {
        if (argument != "-") {
            expansion.add_argument(argument);
            continue;
        }
        const std::string text = input.read_standard_input();
        const char separator = text.find('\0') == std::string::npos ? '\n' : '\0';  // find -print0
        for (auto path : base::split(text, separator)) {
            if (separator == '\n' && path.ends_with('\r')) path.pop_back();
            if (!path.empty()) expansion.add_argument(path);
        }
    }
    if (input.arguments.empty()) expansion.add_matching(".", input.patterns);
    const bool may_be_none = input.may_be_none && input.arguments.empty();
    if (expansion.is_empty() && !may_be_none) refuse_emptiness(input);
    expansion.named.dist = input.dist;
    if (input.candidates_of) {
        for (const auto& update : expansion.named.updates) {
            for (const auto& path : input.candidates_of(update)) expansion.add_candidates(path);
        }
    }
    Inputs inputs = resolve_uploads(expansion.named, expansion.identities);
    expansion.add_statements_beside(inputs);
    return inputs;
}

}  // namespace repotool::publisher
