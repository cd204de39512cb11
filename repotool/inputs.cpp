// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/fs/external.hpp"
#include "core/fs/tree.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;

bool has_suffix(const std::string& name, std::initializer_list<const char*> suffixes) {
    return std::any_of(suffixes.begin(), suffixes.end(),
                       [&](const char* suffix) { return name.ends_with(suffix); });
}

bool is_package(const std::string& name) {
    return has_suffix(name, {".deb", ".udeb", ".rpm"});
}
bool is_source_control(const std::string& name) {
    return has_suffix(name, {".dsc", ".changes"});
}
bool is_update(const std::string& name) {
    return has_suffix(name, {".yml", ".yaml"});
}

void say_left_out(const std::string& path) {
    base::warn(fmt::format("left out '{}': this kind of file is not supported yet", base::printable(path)));
}

class Expansion {
public:
    std::vector<std::string> files;

    void add_argument(const std::string& path) {
        const auto status = fs::external_status(path, fs::FinalSymlink::keep);
        if (!status) throw Error(ErrorKind::input, "read", path, "there is no such file or directory");
        if (status->kind == fs::Kind::directory) {
            const std::size_t before = found_;
            add_directory(path);
            if (found_ == before)
                throw Error(ErrorKind::input, "read", path, "there is no package in this directory",
                            "packages end in .deb or .rpm");
            return;
        }
        if (is_source_control(path) || is_update(path))
            throw Error(ErrorKind::input, "read", path, "this kind of file is not supported yet",
                        "give .deb and .rpm files");
        add_file(path);
    }

    void add_matching(const std::string& directory, const std::vector<std::string>& patterns) {
        for (const auto& name : fs::list_external(directory)) {
            const bool wanted = std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) {
                return base::matches_glob(pattern, name);
            });
            if (wanted && is_source_control(name)) {
                say_left_out(name);
            } else if (wanted) {
                add_file(name);
            }
        }
    }

private:
    void add_file(const std::string& path) {
        ++found_;
        if (seen_.insert(path).second) files.push_back(path);
    }
    void add_directory(const std::string& directory) {
        for (const auto& name : fs::list_external(directory)) {
            if (name.starts_with(".")) continue;
            const std::string path = fs::join_path(directory, name);
            const auto status = fs::external_status(path, fs::FinalSymlink::keep);
            if (status && status->kind == fs::Kind::directory) {
                add_directory(path);
            } else if (is_package(name)) {
                add_file(path);
            } else if (is_source_control(name) || is_update(name)) {
                say_left_out(path);
            }
        }
    }
    std::set<std::string> seen_;
    std::size_t found_ = 0;  // also those that were named before
};

}  // namespace

Inputs expand_inputs(const InputArguments& input) {
    Expansion expansion;
    for (const auto& argument : input.arguments) {
        if (argument != "-") {
            expansion.add_argument(argument);
            continue;
        }
        for (const auto& line : base::split(input.read_standard_input(), '\n')) {
            if (!line.empty()) expansion.add_argument(line);
        }
    }
    if (input.arguments.empty()) expansion.add_matching(".", input.patterns);
    if (expansion.files.empty()) {
        throw Error(ErrorKind::input, "find packages in",
                    input.arguments.empty() ? fs::current_directory() : "-", "there are none",
                    fmt::format("name package files or directories; without names, {} is looked for",
                                base::join(input.patterns, ", ")));
    }
    Inputs inputs;
    for (const auto& path : expansion.files) inputs.packages.push_back({path, {}, {}, {}, 0});
    return inputs;
}

}  // namespace repotool::publisher
