// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/rpm_keyring.hpp"

#include <rpm/rpmcrypto.h>
#include <rpm/rpmkeyring.h>
#include <rpm/rpmpgp.h>

#include <cstdint>
#include <cstdlib>

#include "core/base/error.hpp"

namespace repotool::signing {
namespace {

struct Release {
    void operator()(rpmKeyring keyring) const noexcept { rpmKeyringFree(keyring); }
    void operator()(rpmPubkey key) const noexcept { rpmPubkeyFree(key); }
    void operator()(pgpDigParams parameters) const noexcept { pgpDigParamsFree(parameters); }
    void operator()(DIGEST_CTX digest) const noexcept { rpmDigestFinal(digest, nullptr, nullptr, 0); }
    void operator()(void* memory) const noexcept { std::free(memory); }
};
template <typename Pointer>
using Handle = std::unique_ptr<std::remove_pointer_t<Pointer>, Release>;

[[noreturn]] void refuse() {
    throw base::Error(base::ErrorKind::signing, "read", "public key", "rpm does not understand it");
}

}  // namespace

struct RpmKeyring::State {
    Handle<rpmKeyring> keyring{rpmKeyringNew()};
};

RpmKeyring::RpmKeyring(const std::string& public_key) : state_(std::make_unique<State>()) {
    rpmInitCrypto();
    std::uint8_t* bytes = nullptr;
    std::size_t size = 0;
    const auto kind = pgpParsePkts(public_key.c_str(), &bytes, &size);
    const Handle<void*> memory(bytes);
    if (kind != PGPARMOR_PUBKEY) refuse();
    const Handle<rpmPubkey> key(rpmPubkeyNew(bytes, size));
    if (!key || rpmKeyringAddKey(state_->keyring.get(), key.get()) < 0) refuse();
    int count = 0;
    rpmPubkey* subkeys = rpmGetSubkeys(key.get(), &count);
    const Handle<void*> subkey_memory(subkeys);
    for (int at = 0; at < count; ++at) {
        const Handle<rpmPubkey> subkey(subkeys[at]);
        rpmKeyringAddKey(state_->keyring.get(), subkey.get());
    }
}

RpmKeyring::~RpmKeyring() = default;

bool RpmKeyring::verifies(const Content& content, std::string_view packet) const {
    pgpDigParams found = nullptr;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(packet.data());
    const bool is_read = pgpPrtParams(bytes, packet.size(), PGPTAG_SIGNATURE, &found) == 0;
    const Handle<pgpDigParams> signature(found);
    if (!is_read || !signature) return false;
    const auto algorithm = static_cast<int>(pgpDigParamsAlgo(signature.get(), PGPVAL_HASHALGO));
    const Handle<DIGEST_CTX> digest(rpmDigestInit(algorithm, RPMDIGEST_NONE));
    if (!digest) return false;
    content([&](std::string_view part) { rpmDigestUpdate(digest.get(), part.data(), part.size()); });
    return rpmKeyringVerifySig(state_->keyring.get(), signature.get(), digest.get()) == RPMRC_OK;
}

}  // namespace repotool::signing
