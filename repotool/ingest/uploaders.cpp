// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/ingest/uploaders.hpp"

#include <fmt/format.h>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/base/worker.hpp"
#include "core/formats/deb/upload_control.hpp"
#include "core/fs/external.hpp"
#include "core/fs/host.hpp"
#include "core/fs/tree.hpp"
#include "repotool/ingest/refusals.hpp"

namespace repotool::publisher {
namespace {

using base::Error;
using base::ErrorKind;
using formats::deb::UploadKind;

constexpr std::uint64_t kKeyringMax = std::uint64_t{16} << 20U;

// What was read when the inputs were looked at: another document under that name has not been looked at.
std::string read_again(const InputFile& file) {
    const auto opened = fs::open_external(file.path);
    std::string text = fs::read_all(*opened, file.path, formats::deb::kUploadControlMax);
    if (base::sha256_hex(text) == file.sha256) return text;
    throw Error(ErrorKind::input, "read", file.path, "it changed while it was read",
                "publish it again when its writer is done");
}

class Vouching {
public:
    explicit Vouching(const UploaderKeys& keys) : uploaders_(keys) {}

    std::set<std::string> run(const Inputs& inputs) {
        std::vector<std::string> texts;
        for (const auto& upload : inputs.uploads) {
            if (auto text = signed_text(upload)) texts.push_back(std::move(*text));
        }
        add_listed(texts, UploadKind::changes);
        texts.clear();
        for (const auto& source : inputs.sources) {
            const bool is_vouched = vouched_.contains(source.control.sha256);
            auto text = is_vouched ? read_again(source.control) : signed_text(source.control);
            if (!text) continue;
            vouched_.insert(source.control.sha256);
            texts.push_back(std::move(*text));
        }
        add_listed(texts, UploadKind::source);
        refusals_.throw_if_any();
        return std::move(vouched_);
    }

private:
    std::optional<std::string> signed_text(const InputFile& file) {
        try {
            return uploaders_.check(read_again(file), file.path);
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::policy) throw;
            refusals_.add(error);
            return std::nullopt;
        }
    }

    void add_listed(const std::vector<std::string>& texts, UploadKind kind) {
        const auto parse = [&](std::size_t i) {
            return to_json(read_upload_control(texts[i], kind, "upload"));
        };
        base::run_in_workers(
            texts.size(), fs::processor_count(), parse, [&](std::size_t, base::WorkerAnswer answer) {
                if (!answer.bytes)
                    throw Error(ErrorKind::input, "read", "signed text of an upload", answer.failure);
                for (const auto& file : formats::deb::upload_control_from_json(*answer.bytes).files)
                    vouched_.insert(file.digests.sha256);
            });
    }

    Uploaders uploaders_;
    Refusals refusals_{ErrorKind::policy};
    std::set<std::string> vouched_;
};

}  // namespace

UploaderKeys read_uploader_keys(const std::string& site_root, const RepositoryConfig& repository) {
    if (repository.uploaders.empty()) return {};
    const std::string path = fs::join_path(site_root, repository.uploaders);
    if (!fs::external_status(path, fs::FinalSymlink::follow)) {
        throw Error(ErrorKind::usage, "read", path, "the keyring of `uploaders:` is not there",
                    "export the public keys of those who may upload: gpg --export --armor KEY…");
    }
    UploaderKeys keys{repository.uploaders, fs::read_external(path, kKeyringMax)};
    if (keys.public_keys.empty())
        throw Error(ErrorKind::usage, "read", path, "the keyring of `uploaders:` is empty");
    return keys;
}

Uploaders::Uploaders(const UploaderKeys& keys) {
    try {
        verifier_ = std::make_unique<signing::Verifier>(std::vector{keys.public_keys});
    } catch (const Error& error) {
        throw Error(ErrorKind::usage, "read", keys.name, error.reason(), error.hint());
    }
    expected_ =
        fmt::format("signed by one of {} ({})", base::join(verifier_->fingerprints(), ", "), keys.name);
}

std::string Uploaders::check(const std::string& document, const std::string& shown_as) {
    std::string text;
    const signing::Verdict verdict = verifier_->check_clear_signed(document, text);
    if (verdict.good) return text;
    const bool names_signer =
        !verdict.signer.empty() && verdict.reason.find(verdict.signer) == std::string::npos;
    throw Error(ErrorKind::policy, "publish", shown_as,
                names_signer ? fmt::format("{} ({})", verdict.reason, verdict.signer) : verdict.reason,
                "expected: " + expected_);
}

std::set<std::string> vouched_digests(const Inputs& inputs, const UploaderKeys& keys) {
    return Vouching(keys).run(inputs);
}

}  // namespace repotool::publisher
