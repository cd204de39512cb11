// SPDX-License-Identifier: GPL-3.0-or-later
#include "signing/cli/files.hpp"

#include <fmt/format.h>

#include <memory>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/external.hpp"
#include "core/fs/filesystem.hpp"
#include "core/fs/host.hpp"
#include "core/fs/tree.hpp"

namespace repotool::signing::cli {
namespace {

constexpr std::uint64_t kLargestText = std::uint64_t{64} << 20U;
constexpr std::string_view kCopySuffix = ".reposign";

std::optional<fs::Kind> kind_of(const std::string& path) {
    const auto status = fs::external_status(path, fs::FinalSymlink::follow);
    if (!status) return std::nullopt;
    return status->kind;
}

bool is_site(const std::string& directory) {
    return is_file(join(directory, "repotool.yaml"));
}

// A copy of one file beside it, named after the process so that a later run knows a dead one's copies.
class PrivateCopy {
public:
    explicit PrivateCopy(const std::string& original)
        : original_(fs::base_name(original)),
          name_(fmt::format(".{}.{}{}", original_, fs::process_id(), kCopySuffix)) {
        const auto source = fs::open_external(original);
        const auto parent = fs::parent_path(original);
        const std::string directory = parent.empty() ? (original.starts_with('/') ? "/" : ".") : parent;
        filesystem_ = fs::open_posix_filesystem(directory);
        remove_orphans();
        const auto status = source->status();
        const auto copy = filesystem_->create(name_, status.mode);
        is_there_ = true;
        copy->append_range(*source, 0, status.size);
        copy->close();
        digest_ = digest();
        path_ = join(directory, name_);
    }
    ~PrivateCopy() {
        try {
            if (is_there_) filesystem_->remove(name_);
        } catch (const base::Error&) {
            return;  // it stays behind; the next run removes it
        }
    }
    PrivateCopy(const PrivateCopy&) = delete;
    PrivateCopy& operator=(const PrivateCopy&) = delete;

    const std::string& path() const noexcept { return path_; }

    // Puts the copy in the original's place, durably; false when it is still the same.
    bool replace_original() {
        if (digest() == digest_) return false;
        filesystem_->open_read(name_)->sync();
        filesystem_->rename(name_, original_, fs::Replace::yes);
        is_there_ = false;
        filesystem_->sync_directory("");
        return true;
    }

private:
    std::string digest() { return fs::digest_file(*filesystem_->open_read(name_)).sha256; }

    // What a killed run left beside this file.
    void remove_orphans() {
        const std::string prefix = "." + original_ + ".";
        for (const auto& name : filesystem_->list("")) {
            if (!name.starts_with(prefix) || !name.ends_with(kCopySuffix)) continue;
            const auto middle = name.substr(prefix.size());
            const auto process = middle.substr(0, middle.find('.'));
            const bool is_number =
                !process.empty() && process.find_first_not_of("0123456789") == std::string::npos;
            if (is_number && !kind_of("/proc/" + process)) filesystem_->remove(name);
        }
    }

    std::string original_;
    std::string name_;
    std::string path_;
    std::string digest_;
    std::unique_ptr<fs::Filesystem> filesystem_;
    bool is_there_ = false;
};

}  // namespace

std::string find_site(const std::string& named) {
    if (!named.empty()) return named;
    for (std::string directory = fs::current_directory();; directory = fs::parent_path(directory)) {
        if (is_site(directory.empty() ? "/" : directory)) return directory;
        if (directory.empty() || directory == "/") break;
    }
    return is_site("site") ? "site" : "";
}

std::string home_of_site(const std::string& site) {
    return fs::absolute_path(site) + "/private/gnupg";
}

void prepare_site(const std::string& site) {
    fs::make_external_directory(fs::absolute_path(site), 0755);
    fs::make_external_directory(fs::absolute_path(site) + "/private", 0700);
}

bool is_directory(const std::string& path) {
    return kind_of(path) == fs::Kind::directory;
}

bool is_file(const std::string& path) {
    return kind_of(path) == fs::Kind::file;
}

std::vector<std::string> list(const std::string& directory) {
    return fs::list_external(directory);
}

std::string join(const std::string& directory, std::string_view name) {
    return directory.ends_with('/') ? directory + std::string(name) : fs::join_path(directory, name);
}

std::string read_text(const std::string& path) {
    return fs::read_external(path, kLargestText);
}

void write_text(const std::string& path, std::string_view bytes) {
    fs::write_external(path, bytes, 0644);
}

std::vector<bool> replace_with_changed_copies(
    const std::vector<std::string>& paths,
    const std::function<void(const std::vector<std::string>&)>& change) {
    std::vector<std::unique_ptr<PrivateCopy>> copies;
    std::vector<std::string> copy_paths;
    for (const auto& path : paths) {
        copies.push_back(std::make_unique<PrivateCopy>(path));
        copy_paths.push_back(copies.back()->path());
    }
    try {
        change(copy_paths);
    } catch (const base::Error& error) {
        for (std::size_t at = 0; at < paths.size(); ++at)
            if (error.object() == copy_paths[at])
                throw base::Error(error.kind(), "sign package", paths[at], error.reason(), error.hint());
        throw;
    }
    std::vector<bool> replaced;
    for (const auto& copy : copies) replaced.push_back(copy->replace_original());
    return replaced;
}

}  // namespace repotool::signing::cli
