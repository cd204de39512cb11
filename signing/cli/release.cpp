// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include "core/base/error.hpp"
#include "signing/cli/context.hpp"
#include "signing/cli/files.hpp"
#include "signing/verifier.hpp"

namespace repotool::signing::cli {
namespace {

void run(const std::string& directory, Context& context) {
    const auto release = read_text(join(directory, "Release"));
    const auto signer = open_signer(context.resolve_keys());
    const auto detached = signer->detach_sign(release);
    const auto clear = signer->clear_sign(release);
    for (const auto& key : signer->public_keys()) {  // a client may know any one of them
        std::string text;
        Verifier verifier({key.armored});
        if (!verifier.check_detached(release, detached).good ||
            !verifier.check_clear_signed(clear, text).good)
            throw base::Error(base::ErrorKind::signing, "sign", join(directory, "Release"),
                              "the new signature does not verify");
    }
    // InRelease last: it is what apt asks for first, and one rename changes it.
    write_text(join(directory, "Release.gpg"), detached);
    write_text(join(directory, "InRelease"), clear);
    for (const char* name : {"Release.gpg", "InRelease"}) context.print("wrote  " + join(directory, name));
    context.finish({{"fingerprint", signer->key().fingerprint},
                    {"files", {join(directory, "Release.gpg"), join(directory, "InRelease")}}});
}

}  // namespace

void add_release(CLI::App& parent, Context& context) {
    auto directory = std::make_shared<std::string>();
    auto* command =
        parent.add_subcommand("release", "sign an APT Release file: writes InRelease and Release.gpg");
    command->add_option("DIR", *directory, "directory that holds Release")->required();
    context.add_key_options(*command);
    command->footer("Example:\n  reposign release /srv/www/debian/dists/bookworm --home ~/keys\n");
    command->callback(
        [directory, &context] { context.run = [directory, &context] { run(*directory, context); }; });
}

}  // namespace repotool::signing::cli
