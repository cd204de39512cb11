// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include "core/base/error.hpp"
#include "signing/cli/context.hpp"
#include "signing/cli/files.hpp"
#include "signing/verifier.hpp"

namespace repotool::signing::cli {
namespace {

// People name the repository or its repodata.
std::string repomd_path(const std::string& directory) {
    const auto direct = join(directory, "repomd.xml");
    return is_file(direct) ? direct : join(directory, "repodata/repomd.xml");
}

void run(const std::string& directory, Context& context) {
    const auto path = repomd_path(directory);
    const auto repomd = read_text(path);
    const auto signer = open_signer(context.resolve_keys());
    const auto signature = signer->detach_sign(repomd);
    std::string public_keys;  // a block for each: rpm reads no more than one key from a block
    for (const auto& key : signer->public_keys()) {
        public_keys += key.armored;
        if (!Verifier({key.armored}).check_detached(repomd, signature).good)
            throw base::Error(base::ErrorKind::signing, "sign", path, "the new signature does not verify");
    }
    write_text(path + ".key", public_keys);
    write_text(path + ".asc", signature);
    for (const char* suffix : {".key", ".asc"}) context.print("wrote  " + path + suffix);
    context.finish({{"fingerprint", signer->key().fingerprint}, {"files", {path + ".key", path + ".asc"}}});
}

}  // namespace

void add_repomd(CLI::App& parent, Context& context) {
    auto directory = std::make_shared<std::string>();
    auto* command =
        parent.add_subcommand("repomd", "sign a repomd.xml: writes repomd.xml.asc and repomd.xml.key");
    command->add_option("DIR", *directory, "RPM repository, or its repodata")->required();
    context.add_key_options(*command);
    command->footer("Example:\n  reposign repomd /srv/www/el9/x86_64 --home ~/keys\n");
    command->callback(
        [directory, &context] { context.run = [directory, &context] { run(*directory, context); }; });
}

}  // namespace repotool::signing::cli
