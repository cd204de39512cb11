// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "signing/cli/context.hpp"
#include "signing/cli/files.hpp"
#include "signing/rpm_check.hpp"
#include "signing/verifier.hpp"

namespace repotool::signing::cli {
namespace {

struct Options {
    std::vector<std::string> paths;
    std::vector<std::string> keyrings;
};

struct Finding {
    std::string path;
    Verdict verdict;
};

// The signature beside a file, as its users name it.
std::string signature_beside(const std::string& path) {
    for (const char* suffix : {".asc", ".gpg", ".sig"})
        if (is_file(path + suffix)) return path + suffix;
    return {};
}

// What is signed in a directory: an APT suite, an RPM repository, a generation's MANIFEST, packages.
std::vector<std::string> signed_files(const std::string& directory) {
    std::vector<std::string> found;
    for (const char* name : {"InRelease", "Release", "repomd.xml", "repodata/repomd.xml", "MANIFEST"})
        if (is_file(join(directory, name))) found.push_back(join(directory, name));
    for (const auto& name : list(directory))
        if (name.ends_with(".rpm")) found.push_back(join(directory, name));
    if (!found.empty()) return found;
    throw base::Error(base::ErrorKind::input, "verify", directory, "it holds nothing that is signed",
                      "name a directory with InRelease, repomd.xml, MANIFEST or packages");
}

Verdict verify_file(const std::string& path, Verifier& verifier) {
    if (path.ends_with(".rpm")) {
        const auto verdict = check_package(path, read_rpm_layout(path), verifier);
        return {verdict.good, verdict.fingerprint, verdict.reason};
    }
    const auto bytes = read_text(path);
    const auto signature = signature_beside(path);
    if (!signature.empty()) return verifier.check_detached(bytes, read_text(signature));
    std::string text;
    return verifier.check_clear_signed(bytes, text);
}

// A broken file is a finding like any other, so that all are told and not only the first.
Finding judge(const std::string& path, Verifier& verifier) {
    try {
        return {path, verify_file(path, verifier)};
    } catch (const base::Error& error) {
        return {path, {false, {}, error.reason()}};
    }
}

void report(const std::vector<Finding>& findings, Context& context) {
    auto documents = nlohmann::ordered_json::array();
    const Finding* first_bad = nullptr;
    for (const auto& finding : findings) {
        const bool good = finding.verdict.good;
        const std::string& fingerprint = finding.verdict.fingerprint;
        const std::string& reason = finding.verdict.reason;
        if (!good && first_bad == nullptr) first_bad = &finding;
        context.print(good ? fmt::format("good  {}  {}", base::printable(finding.path), fingerprint)
                           : fmt::format("BAD   {}  {}", base::printable(finding.path), reason));
        documents.push_back(
            {{"path", finding.path}, {"good", good}, {"fingerprint", fingerprint}, {"reason", reason}});
    }
    context.findings["files"] = documents;
    if (first_bad != nullptr)
        throw base::Error(base::ErrorKind::integrity, "verify", first_bad->path, first_bad->verdict.reason);
    context.finish(context.findings);
}

void run(const Options& options, Context& context) {
    std::vector<std::string> keys;
    for (const auto& keyring : options.keyrings) keys.push_back(read_text(keyring));
    Verifier verifier(keys);
    std::vector<Finding> findings;
    for (const auto& path : options.paths) {
        const auto files = is_directory(path) ? signed_files(path) : std::vector<std::string>{path};
        for (const auto& file : files) findings.push_back(judge(file, verifier));
    }
    report(findings, context);
}

}  // namespace

void add_verify(CLI::App& parent, Context& context) {
    auto options = std::make_shared<Options>();
    auto* command =
        parent.add_subcommand("verify", "check signatures of packages and metadata as a client would");
    command->add_option("PATH", options->paths, "files, or directories that hold signed files")->required();
    command->add_option("--keyring", options->keyrings, "public keys that are trusted; may be given again")
        ->type_name("FILE")
        ->required()
        ->allow_extra_args(false);
    command->footer(
        "A file is checked against the .asc or .gpg beside it, an InRelease and a .rpm\n"
        "by itself. Keys that are expired, revoked or weak are refused, also where rpm\n"
        "accepts them. Exit status 9 when something is bad.\n\n"
        "Examples:\n"
        "  reposign verify dists/bookworm repodata/repomd.xml --keyring acme.asc\n"
        "  reposign verify Packages/*.rpm --keyring acme.asc --json\n");
    command->callback([options, &context] { context.run = [options, &context] { run(*options, context); }; });
}

}  // namespace repotool::signing::cli
