// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/config/keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/external.hpp"
#include "core/fs/tree.hpp"

namespace repotool::publisher {
namespace {

std::string home_of(const KeyConfig& key, const std::string& site_root) {
    if (!key.home.empty()) return key.home.starts_with("/") ? key.home : site_root + "/" + key.home;
    const char* variable = std::getenv("GNUPGHOME");
    if (variable != nullptr && *variable != '\0') return fs::absolute_path(variable);
    return site_root + "/private/gnupg";
}

signing::KeyReference key_reference(const Config& config, const std::string& name,
                                    const std::string& site_root) {
    const KeyConfig& key = config.keys.at(name);
    return {name, key.fingerprint, home_of(key, site_root), key.passphrase_file, key.exec};
}

// As the configuration names keys: with blanks, perhaps, and in lower case.
bool holds(const signing::KeyFile& file, const std::string& fingerprint) {
    const auto& held = file.fingerprints();
    return std::find(held.begin(), held.end(), signing::normalised_fingerprint(fingerprint)) != held.end();
}

[[noreturn]] void refuse_key_file(const signing::KeyFile& file, const std::string& repository) {
    throw base::Error(base::ErrorKind::signing, "use key file", file.file(),
                      fmt::format("it holds {}, which is no key of 'sign:' of '{}'",
                                  base::join(file.fingerprints(), " and "), repository),
                      "repotool config show tells which keys sign the repository");
}

// In the place of the home, or the program, that the configuration names. False where the file holds none.
bool use_key_file(std::vector<signing::KeyReference>& keys, const GivenSecrets& given) {
    const auto key = std::find_if(keys.begin(), keys.end(),
                                  [&](const auto& one) { return holds(*given.key_file, one.fingerprint); });
    if (key == keys.end()) return false;
    *key = {key->name, key->fingerprint, given.key_file->home(), {}, {}, given.passphrase, given.key_file};
    return true;
}

// A passphrase without a key file is that of each key.
void use_passphrase(std::vector<signing::KeyReference>& keys, const GivenSecrets& given) {
    if (given.key_file || !given.passphrase) return;
    for (auto& key : keys) key.passphrase = given.passphrase;
}

}  // namespace

std::unique_ptr<signing::Signer> open_signer(const Config& config, const std::string& repository,
                                             const std::string& site_root, bool must_sign,
                                             const GivenSecrets& given, const std::string& override_key) {
    const RepositoryConfig settings = config.repository(repository);
    const bool is_for_other = is_in_key_file(config, override_key, given);
    if (given.key_file && settings.keys.empty() && !is_for_other)
        refuse_key_file(*given.key_file, repository);
    if (settings.sign == SignPolicy::none || (settings.sign == SignPolicy::unspecified && !must_sign))
        return nullptr;
    if (settings.sign == SignPolicy::unspecified) {
        throw base::Error(base::ErrorKind::signing, "promote to", repository,
                          "repotool.yaml does not say which key signs this repository",
                          fmt::format("make one with: reposign keys generate {}-key --site '{}', and set "
                                      "sign: {}-key for it (or sign: none)",
                                      repository, site_root, repository));
    }
    std::vector<signing::KeyReference> keys;
    for (const auto& name : settings.keys) keys.push_back(key_reference(config, name, site_root));
    if (given.key_file && !use_key_file(keys, given) && !is_for_other)
        refuse_key_file(*given.key_file, repository);
    use_passphrase(keys, given);
    return signing::open_signer(keys);
}

std::unique_ptr<signing::Signer> open_key(const Config& config, const std::string& name,
                                          const std::string& site_root, const GivenSecrets& given) {
    if (!config.keys.contains(name))
        throw base::Error(base::ErrorKind::usage, "use key", name, "repotool.yaml has no key of this name");
    std::vector<signing::KeyReference> keys{key_reference(config, name, site_root)};
    if (given.key_file) use_key_file(keys, given);
    use_passphrase(keys, given);
    return signing::open_signer(keys);
}

bool is_in_key_file(const Config& config, const std::string& name, const GivenSecrets& given) {
    const auto key = config.keys.find(name);
    return given.key_file && key != config.keys.end() && holds(*given.key_file, key->second.fingerprint);
}

void export_public_keys(fs::Filesystem& filesystem, store::Transaction& transaction,
                        signing::Signer& signer) {
    bool is_changed = false;
    for (const auto& key : signer.public_keys()) {
        const std::string path = fmt::format("public/keys/{}.asc", key.name);
        if (filesystem.status(path) && fs::read_file(filesystem, path) == key.armored) continue;
        const std::string staged = transaction.fresh_path();
        fs::write_new_file(filesystem, staged, key.armored, 0644, 0, fs::Durable::yes);
        filesystem.rename(staged, path, fs::Replace::yes);
        is_changed = true;
    }
    if (is_changed) filesystem.sync_directory("public/keys");
}

}  // namespace repotool::publisher
