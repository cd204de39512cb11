// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/ingest/inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
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

enum class FileClass { package, source, upload, extra, build_record, update, unknown };

FileClass classify(const std::string& path) {
    if (is_package_file(path)) return FileClass::package;
    if (path.ends_with(".dsc")) return FileClass::source;
    if (path.ends_with(".changes")) return FileClass::upload;
    if (path.ends_with(".buildinfo")) return FileClass::build_record;
    if (formats::rpm::detect_type(fs::base_name(path))) return FileClass::extra;
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

class Expansion {
public:
    NamedPaths named;

    void add_argument(const std::string& path) {
        const auto status = fs::external_status(path, fs::FinalSymlink::keep);
        if (!status) throw Error(ErrorKind::input, "read", path, "there is no such file or directory");
        if (status->kind == fs::Kind::directory) return add_directory_argument(path);
        const FileClass file_class = classify(path);
        if (file_class == FileClass::update)
            throw Error(ErrorKind::input, "read", path, "updates come with a later version",
                        "give the packages themselves");
        if (file_class == FileClass::build_record)
            throw Error(ErrorKind::input, "read", path, "it holds no package",
                        "give the .changes that lists it");
        // What it is is told by its first bytes.
        add_file(path, file_class == FileClass::unknown ? FileClass::package : file_class);
    }

    void add_matching(const std::string& directory, const std::vector<std::string>& patterns) {
        for (const auto& name : list_input(directory)) {
            const bool wanted = std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) {
                return base::matches_glob(pattern, name);
            });
            if (!wanted) continue;
            const FileClass file_class = classify(name);
            if (file_class == FileClass::update)
                say_left_out(name);
            else
                add_file(name, file_class == FileClass::unknown ? FileClass::package : file_class);
        }
    }

    bool is_empty() const { return seen_.empty(); }
    Identities identities;

private:
    void add_directory_argument(const std::string& path) {
        const std::size_t before = found_;
        extras_.clear();
        has_rpm_ = false;
        add_directory(path);
        // comps.xml and its like mean something beside RPM packages alone.
        for (const auto& extra : extras_) {
            if (has_rpm_ && seen_.insert(identities.of(extra.path)).second) named.extras.push_back(extra);
        }
        if (found_ == before)
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
            if (status && status->kind == fs::Kind::directory)
                add_directory(path);
            else
                add_from_directory(path);
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
        if (file_class == FileClass::update) return say_left_out(path);
        if (file_class == FileClass::extra)
            return extras_.push_back({*formats::rpm::detect_type(fs::base_name(path)), path});
        if (file_class == FileClass::unknown || file_class == FileClass::build_record) return;
        if (path.ends_with(".rpm")) has_rpm_ = true;
        add_file(path, file_class);
    }

    void add_file(const std::string& path, FileClass file_class) {
        ++found_;
        if (!seen_.insert(identities.of(path)).second) return;
        if (file_class == FileClass::source)
            named.sources.push_back(path);
        else if (file_class == FileClass::upload)
            named.uploads.push_back(path);
        else if (file_class == FileClass::extra)
            named.extras.push_back({*formats::rpm::detect_type(fs::base_name(path)), path});
        else if (file_class == FileClass::package)
            named.packages.push_back(path);
    }

    static void say_left_out(const std::string& path) {
        base::warn(fmt::format("left out '{}': updates come with a later version", base::printable(path)));
    }

    std::set<std::string> seen_;
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
    Expansion expansion;
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
    return resolve_uploads(expansion.named, expansion.identities);
}

}  // namespace repotool::publisher
