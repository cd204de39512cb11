// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <memory>
#include <optional>

#include "core/base/text.hpp"
#include "signing/cli/context.hpp"
#include "signing/cli/files.hpp"
#include "signing/rpm_signer.hpp"

namespace repotool::signing::cli {
namespace {

// So many packages have a second copy at a time.
constexpr std::size_t kBatchSize = 256;

// gpg takes a tenth of a second to show that the key signs; the first copies are made meanwhile.
class SignerThatOpens {
public:
    explicit SignerThatOpens(const std::vector<KeyReference>& keys)
        : opening_(std::async(std::launch::async, [keys] { return open_signer(keys); })) {}

    std::vector<bool> sign(const std::vector<std::string>& copies) {
        if (!signer_) {
            signer_ = opening_.get();
            package_signer_.emplace(*signer_);
        }
        return package_signer_->sign(copies);
    }
    const std::string& fingerprint() const { return signer_->key().fingerprint; }

private:
    std::future<std::unique_ptr<Signer>> opening_;
    std::unique_ptr<Signer> signer_;
    std::optional<PackageSigner> package_signer_;
};

void run(const std::vector<std::string>& files, Context& context) {
    SignerThatOpens signer(context.resolve_keys());
    auto documents = nlohmann::ordered_json::array();
    for (std::size_t start = 0; start < files.size(); start += kBatchSize) {
        const auto end = std::min(files.size(), start + kBatchSize);
        const std::vector<std::string> batch(files.begin() + static_cast<std::ptrdiff_t>(start),
                                             files.begin() + static_cast<std::ptrdiff_t>(end));
        const auto replaced = replace_with_changed_copies(
            batch, [&](const std::vector<std::string>& copies) { return signer.sign(copies); });
        for (std::size_t at = 0; at < batch.size(); ++at) {
            const char* action = replaced[at] ? "signed" : "unchanged";
            context.print(fmt::format("{:9}  {}", action, base::printable(batch[at])));
            documents.push_back({{"path", batch[at]}, {"action", action}});
        }
    }
    context.finish({{"fingerprint", signer.fingerprint()}, {"packages", documents}});
}

}  // namespace

void add_packages(CLI::App& parent, Context& context) {
    auto files = std::make_shared<std::vector<std::string>>();
    auto* command = parent.add_subcommand("packages", "sign RPM packages");
    command->add_option("FILE", *files, "packages to sign")->required();
    context.add_key_options(*command);
    command->footer(
        "Each file is replaced by a signed copy in one rename; one that the key has\n"
        "signed already is left alone.\n\n"
        "Examples:\n"
        "  reposign packages *.rpm --site /srv/repo\n"
        "  reposign packages hello-1.0-1.noarch.rpm --home ~/keys --key 0123…CDEF\n");
    command->callback([files, &context] { context.run = [files, &context] { run(*files, context); }; });
}

}  // namespace repotool::signing::cli
