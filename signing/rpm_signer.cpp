// SPDX-License-Identifier: GPL-3.0-or-later
// librpm signs in a child process, because its macros are one per process and its gpg must not outlive a
// deadline. The child knows no macro file, neither the system's (its %__gpg is a program that Debian does not
// have) nor the user's ~/.rpmmacros: each macro that signing expands is set here.
#include "signing/rpm_signer.hpp"

#include <fmt/format.h>
#include <rpm/rpmcrypto.h>
#include <rpm/rpmlog.h>
#include <rpm/rpmmacro.h>
#include <rpm/rpmsign.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "core/base/child_process.hpp"
#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/external.hpp"
#include "signing/gpg_home.hpp"
#include "signing/gpg_signer.hpp"
#include "signing/rpm_check.hpp"
#include "signing/rpm_layout.hpp"

namespace repotool::signing {
namespace {

// One package that needs a signature.
struct Candidate {
    std::filesystem::path path;
    std::string content_digest;            // must be the same afterwards
    bool wants_package_signature = false;  // its header does not name the payload's digest
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

std::vector<Candidate> find_candidates(const std::vector<std::string>& paths, Verifier& verifier) {
    std::vector<Candidate> candidates;
    for (const std::string& path : paths) {
        const RpmLayout layout = read_rpm_layout(path);
        require_private_copy(path);
        if (const auto fault = fault_of_digests(path, layout); !fault.empty())
            throw base::Error(base::ErrorKind::input, "sign package", path, fault);
        if (has_signature(layout) && check_package(path, layout, verifier).good) continue;
        candidates.push_back({path, content_digest(path, layout), layout.payload_digest.empty()});
    }
    return candidates;
}

// `text` as one word of a macro body that popt splits into words.
std::string macro_word(const std::string& text) {
    std::string word;
    for (const char character : base::shell_quote(text)) word.append(character == '%' ? 2 : 1, character);
    return word;
}

std::string sign_command(const GpgSigner& signer) {
    const KeyReference& key = signer.key();
    // librpm executes the first word with the others as its arguments; no shell is involved.
    std::string command = fmt::format(
        "{} gpg --no-verbose --no-armor --no-secmem-warning --batch --no-tty --homedir {} --digest-algo "
        "SHA256 "
        "-u {} ",
        macro_word(signer.gpg_program()), macro_word(key.home.string()),
        macro_word(signer.signing_fingerprint() + "!"));
    command += key.passphrase_file.empty() ? "--pinentry-mode error "
                                           : fmt::format("--pinentry-mode loopback --passphrase-file {} ",
                                                         macro_word(key.passphrase_file.string()));
    command +=
        "-sbo %{shescape:%{?__signature_filename}} "
        "%{?__plaintext_filename:-- %{shescape:%{__plaintext_filename}}}";
    return command;
}

// Runs in the child, once.
void set_macros(const std::string& command, const std::filesystem::path& scratch) {
    ::setenv("GPG_TTY", "", 1);  // librpm warns where it is not set
    rpmInitCrypto();
    rpmInitMacros(nullptr, "");  // the built-in ones, and no file
    rpmlogSetMask(RPMLOG_UPTO(RPMLOG_ERR));
    const auto define = [](const char* name, const std::string& body) {
        rpmPushMacro(nullptr, name, nullptr, body.c_str(), RMIL_GLOBAL);
    };
    define("__gpg_sign_cmd", command);
    define("_tmppath", macro_word(scratch.string()));
}

void sign_one(const Candidate& candidate) {
    // Signatures that are there already are dropped by librpm; require_signed() sees to it.
    rpmSignArgs arguments{};  // no hashalgo: librpm would pass gpg a number that it does not know
    arguments.signflags = candidate.wants_package_signature ? RPMSIGN_FLAG_RPMV3 : RPMSIGN_FLAG_NONE;
    if (rpmPkgSign(candidate.path.c_str(), &arguments) != 0)
        throw std::runtime_error("rpm cannot add a signature");
}

void sign_in_child(const std::vector<Candidate>& candidates, const std::string& command) {
    const ThrowAwayDirectory scratch;
    const auto step = [&](std::size_t index) {
        if (index == 0) set_macros(command, scratch.path());
        sign_one(candidates[index]);
    };
    const base::ChildOutcome outcome = base::run_steps_in_child(candidates.size(), step, kOperationDeadline);
    if (outcome.end == base::ChildOutcome::End::succeeded) return;
    const auto& path = candidates[std::min(outcome.steps_done, candidates.size() - 1)].path;
    if (outcome.end == base::ChildOutcome::End::silent) refuse(path, explain(gpgme_error(GPG_ERR_TIMEOUT)));
    const auto lines = base::split(outcome.message, '\n');
    refuse(path, outcome.message.empty() ? "the signing process died" : base::join(lines, "; "));
}

// librpm's return code is not trusted: a client's view of the file decides.
void require_signed(const Candidate& candidate, Verifier& verifier) {
    const RpmLayout layout = read_rpm_layout(candidate.path);
    if (content_digest(candidate.path, layout) != candidate.content_digest)
        refuse(candidate.path, "signing changed the content of the package");
    const PackageVerdict verdict = check_package(candidate.path, layout, verifier);
    if (!verdict.good) refuse(candidate.path, "the new signature does not verify: " + verdict.reason);
}

}  // namespace

void sign_packages(const std::vector<std::string>& paths, const KeyReference& key) {
    if (paths.empty()) return;
    GpgSigner signer(key);
    // Knows this key alone, so whatever it calls good is signed by the wanted key.
    Verifier verifier({signer.public_key()});
    const auto candidates = find_candidates(paths, verifier);
    if (candidates.empty()) return;
    sign_in_child(candidates, sign_command(signer));
    for (const Candidate& candidate : candidates) require_signed(candidate, verifier);
}

}  // namespace repotool::signing
