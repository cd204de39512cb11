// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/key_file.hpp"

#include <cstdlib>

#include "core/base/error.hpp"
#include "core/base/subprocess.hpp"
#include "core/fs/external.hpp"
#include "core/fs/filesystem.hpp"
#include "core/fs/host.hpp"
#include "signing/gpg_context.hpp"
#include "signing/gpg_home.hpp"

namespace repotool::signing {
namespace {

using std::filesystem::path;

constexpr std::uint64_t kLargestFile = std::uint64_t{1} << 20U;
constexpr std::string_view kPrefix = "rt-key.";
constexpr const char* kLock = "in-use";
constexpr unsigned kPrivate = 0700;
constexpr unsigned kPrivateFile = 0600;

std::string directory_of_homes() {
    for (const char* name : {"XDG_RUNTIME_DIR", "TMPDIR"}) {  // the first is memory where there is a session
        const char* value = std::getenv(name);
        if (value == nullptr || *value != '/') continue;
        const auto status = fs::external_status(value, fs::FinalSymlink::follow);
        if (status && status->kind == fs::Kind::directory) return value;
    }
    return "/tmp";
}

void gpgconf(const path& home, std::vector<std::string> what) {
    std::vector<std::string> arguments{"gpgconf", "--homedir", home.string()};
    arguments.insert(arguments.end(), what.begin(), what.end());
    base::run_process(arguments, {}, {}, static_cast<int>(kOperationDeadline.count()));
}

// Never throws: what stays, the next run removes.
void remove_home(const path& home) noexcept {
    try {
        gpgconf(home, {"--kill", "gpg-agent"});
        gpgconf(home, {"--remove-socketdir"});
    } catch (const std::exception&) {
        // without gpgconf there is no agent either; the home goes in any case
    }
    remove_patiently(home);
}

// Names in /tmp are anybody's: only what is ours is touched.
bool is_home_of_ours(const path& home) {
    const auto status = fs::external_status(home.string(), fs::FinalSymlink::keep);
    return status && status->kind == fs::Kind::directory && status->owner == fs::effective_user() &&
           status->mode == kPrivate;
}

void remove_if_abandoned(const path& home) {
    try {
        if (!is_home_of_ours(home)) return;
        if (const auto lock = fs::open_posix_filesystem(home)->try_lock(kLock, fs::LockMode::exclusive))
            remove_home(home);
    } catch (const base::Error&) {
        // somebody else is removing it
    }
}

void remove_abandoned(const std::string& directory) {
    for (const auto& name : fs::list_external(directory))
        if (name.starts_with(kPrefix)) remove_if_abandoned(path(directory) / name);
}

}  // namespace

class KeyFile::Home {
public:
    Home() {
        const std::string directory = directory_of_homes();
        remove_abandoned(directory);
        // Locked under another name first, or somebody who cleans up would take it for abandoned.
        const std::string staged = fs::make_directory_beside(directory + "/rt-new-key");
        lock_ = fs::open_posix_filesystem(staged)->try_lock(kLock, fs::LockMode::exclusive);
        path_ = path(directory) / (std::string(kPrefix) + staged.substr(staged.rfind('.') + 1));
        fs::rename_external(staged, path_.string());
        write_signer_configuration(path_);
        // Else the agent takes a second to find out how slow it can make each use of a locked key (0.1 s).
        fs::write_external((path_ / "gpg-agent.conf").string(), "s2k-count 65536\n", kPrivateFile);
    }
    ~Home() { remove_home(path_); }
    Home(const Home&) = delete;
    Home& operator=(const Home&) = delete;

    const path& where() const noexcept { return path_; }

private:
    path path_;
    std::unique_ptr<fs::Lock> lock_;
};

KeyFile::KeyFile(const std::string& file) : file_(file) {
    try {
        home_ = std::make_unique<Home>();
        import();
    } catch (const base::Error& error) {
        throw base::Error(base::ErrorKind::signing, "use key file", file_, error.reason(),
                          "make one with: gpg --export-secret-keys FINGERPRINT");
    }
}

KeyFile::~KeyFile() = default;

const path& KeyFile::home() const {
    return home_->where();
}

void KeyFile::import() {
    const std::string bytes = fs::read_external(file_, kLargestFile);
    GpgContext context(home());
    const GpgData data(bytes);
    const auto error = context.run([&](gpgme_ctx_t gpg) { return gpgme_op_import_start(gpg, data.get()); });
    const auto result = gpgme_op_import_result(context.get());
    if (error != GPG_ERR_NO_ERROR || result == nullptr || result->secret_imported == 0)
        throw base::Error(base::ErrorKind::signing, "import", file_,
                          error != GPG_ERR_NO_ERROR ? explain(error) : "there is no secret key in it");
    for (const auto& key : context.find_keys("", KeyKind::secret_key))
        for (gpgme_subkey_t subkey = key->subkeys; subkey != nullptr; subkey = subkey->next)
            if (subkey->secret != 0 && subkey->fpr != nullptr) fingerprints_.emplace_back(subkey->fpr);
}

}  // namespace repotool::signing
