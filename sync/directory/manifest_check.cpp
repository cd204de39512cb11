// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/directory/manifest_check.hpp"

#include <memory>
#include <mutex>

#include "core/base/error.hpp"
#include "signing/verifier.hpp"

namespace repotool::sync {

SignatureCheck make_signature_check(const std::string& keyring) {
    struct Shared {
        explicit Shared(const std::string& keys) : verifier({keys}) {}
        std::mutex mutex;  // one GnuPG home, one operation at a time
        signing::Verifier verifier;
    };
    const auto shared = std::make_shared<Shared>(keyring);
    return [shared](std::string_view manifest, std::string_view signature) {
        using base::Error;
        using base::ErrorKind;
        if (signature.empty()) {
            throw Error(ErrorKind::integrity, "accept", "MANIFEST",
                        "it is not signed, and --keyring asks for a signature",
                        "leave out --keyring to mirror an unsigned repository");
        }
        const std::scoped_lock lock(shared->mutex);
        const auto verdict = shared->verifier.check_detached(manifest, signature);
        if (!verdict.good) throw Error(ErrorKind::integrity, "accept", "MANIFEST", verdict.reason);
    };
}

}  // namespace repotool::sync
