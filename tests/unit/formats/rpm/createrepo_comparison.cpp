// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/formats/rpm/createrepo_comparison.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/formats/rpm/repomd_writer.hpp"
#include "tests/unit/formats/rpm/package_builder.hpp"

namespace repotool::formats::rpm::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> kKinds{"primary", "filelists", "other"};

// The packages of these index files as canonical XML.
std::string canonical(const std::vector<std::string>& index_files) {
    std::vector<std::string> command{"python3", CANONICAL_PACKAGES_SCRIPT};
    command.insert(command.end(), index_files.begin(), index_files.end());
    return run(command);
}

// What we write for the packages in `directory`, as an index file in `scratch`; returns its path.
std::string write_ours(const std::vector<std::pair<std::string, Package>>& packages, std::string_view kind,
                       const TemporaryDirectory& scratch) {
    std::string text = index_header(kind, packages.size());
    for (const auto& [file_name, package] : packages) {
        const auto& index = package.index.at(std::string(kind));
        text += index.before + (kind == "primary" ? xml_escape(file_name) : std::string()) + index.after;
    }
    return scratch.write(std::string(kind) + ".xml", text + index_footer(kind));
}

}  // namespace

void run_createrepo(const fs::path& directory) {
    run({"createrepo_c", "--quiet", "--no-database", directory.string()}, {"LC_ALL=C"});
}

fs::path repodata_file(const fs::path& directory, std::string_view ending) {
    for (const auto& entry : fs::directory_iterator(directory / "repodata")) {
        if (entry.path().string().ends_with(ending)) return entry.path();
    }
    throw std::runtime_error("createrepo_c wrote no such file");
}

void check_equals_createrepo(const fs::path& directory) {
    run_createrepo(directory);
    std::vector<std::pair<std::string, Package>> packages;
    for (const auto& entry : fs::directory_iterator(directory)) {
        if (entry.path().extension() != ".rpm") continue;
        packages.emplace_back(entry.path().filename().string(), read(entry.path().string()));
    }
    const TemporaryDirectory scratch;
    std::vector<std::string> ours;
    std::vector<std::string> theirs;
    for (const auto kind : kKinds) {
        ours.push_back(write_ours(packages, kind, scratch));
        theirs.push_back(repodata_file(directory, "-" + std::string(kind) + ".xml.gz").string());
    }
    CHECK(canonical(ours) == canonical(theirs));
}

}  // namespace repotool::formats::rpm::testing
