// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/fleet/http_checker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/fs/tree.hpp"
#include "core/net/http_client.hpp"
#include "core/store/layout.hpp"
#include "core/store/names.hpp"
#include "sync/tree/tree_entry.hpp"

namespace repotool::sync {
namespace {

using base::Error;
using base::ErrorKind;
namespace layout = store::layout;

// Larger index files are looked at by their length: reading back gigabytes is for whoever brought them.
constexpr std::uint64_t kLargestRead = std::uint64_t{16} << 20U;
constexpr std::size_t kMostPackages = 50;
constexpr const char* kSource = "source";
constexpr std::uint64_t kMirrorlistLimit = std::uint64_t{64} << 10U;

[[noreturn]] void refuse(const std::string& url, const std::string& reason) {
    throw Error(ErrorKind::network, "accept", url, reason,
                "look at the web server's root, symlink rules, permissions and caches");
}

// At most `most` of them, evenly chosen, so that each part of a large change is looked at.
std::vector<store::ContentFile> evenly(const std::vector<store::ContentFile>& all, std::size_t most) {
    if (all.size() <= most) return all;
    std::vector<store::ContentFile> chosen;
    for (std::size_t i = 0; i < most; ++i) chosen.push_back(all[i * all.size() / most]);
    return chosen;
}

// The architecture under which clients find the binary packages of each RPM dist: any does, they share a
// directory.
std::map<std::string, std::string> architectures_of(const store::GenerationReader& source) {
    std::map<std::string, std::string> architectures;
    if (const auto* rpm = source.find_format("rpm")) {
        for (const auto& set : rpm->sets) {
            std::string& architecture = architectures[set.dist];
            if (set.architecture != kSource) architecture = set.architecture;
        }
    }
    return architectures;
}

// One look: of one generation, below one address.
class Look {
public:
    Look(net::HttpClient& client, const HttpCheckOptions& options, const StageRequest& request,
         std::string top, std::stop_token stop)
        : client_(client),
          check_(options.check),
          formats_(options.formats),
          source_(request.source),
          top_(std::move(top)),
          stop_(std::move(stop)) {
        if (!formats_.empty()) source_.keep_formats(formats_);
    }

    void manifest() { expect("MANIFEST", source_.manifest_text().size(), source_.manifest_sha256()); }

    void pointers() {
        for (const auto& sub_manifest : source_.sub_manifests()) {
            for (const auto& pointer : sub_manifest.pointers)
                expect(pointer.path, pointer.size, pointer.sha256);
        }
    }

    // Where dnf looks that knows no mirrorlist: a shared directory that leads through the flipped name.
    void repomd_files() {
        const auto* rpm = source_.find_format("rpm");
        if (rpm == nullptr) return;
        for (const auto& set : rpm->sets) {
            const std::string pinned = layout::pin_directory(set.dist, set.architecture);
            for (const auto& pointer : rpm->pointers) {
                if (!pointer.path.starts_with(pinned + "/")) continue;
                const std::string name = pointer.path.substr(pinned.size());
                expect(layout::rpm_directory(set.dist, set.architecture) + name, pointer.size,
                       pointer.sha256);
            }
        }
    }

    void mirrorlists(const std::string& url) {
        const auto* rpm = source_.find_format("rpm");
        if (rpm == nullptr || url.empty()) return;
        for (const auto& set : rpm->sets) {
            const std::string address =
                address_of(layout::rpm_directory(set.dist, set.architecture) + "/mirrorlist");
            const std::string text = read(address, kMirrorlistLimit);
            if (!text.starts_with(url.ends_with('/') ? url : url + "/"))
                refuse(address, fmt::format("expected an address below {}, found '{}'", url,
                                            text.substr(0, text.find('\n'))));
        }
    }

    // What a mirror that served `before` lacks, as the source knows it.
    Plan plan_after(const std::optional<Version>& before) const {
        const auto& repository = source_.manifest().repository;
        if (before) {
            try {
                store::GenerationReader present(source_.filesystem(), source_.path_of(""), repository,
                                                before->generation);
                if (!formats_.empty()) present.keep_formats(formats_);
                if (present.manifest_sha256() == before->manifest_sha256) return make_plan(source_, &present);
            } catch (const Error& error) {  // the source no longer has it
                base::detail(error.what());
            }
        }
        return make_plan(source_, nullptr);
    }

    void index_files(const std::vector<store::ContentFile>& lacking) {
        std::set<std::string> fresh;
        for (const auto& file : lacking) fresh.insert(file.path);
        const auto& repository = source_.manifest().repository;
        const std::size_t prefix = layout::meta(repository).size() + 1;
        for (const auto& sub_manifest : source_.sub_manifests()) {
            for (const auto* set : sub_manifest.all_sets()) {
                for (const auto& file : store::index_files(repository, *set)) {
                    if (fresh.contains(file.path)) expect_content(file, file.path.substr(prefix));
                }
            }
        }
    }

    // Files of a plain tree, by the names that its clients use.
    void tree_files(const std::vector<store::ContentFile>& lacking) {
        const auto* tree = source_.find_format(kTreeFormat);
        if (tree == nullptr) return;
        std::set<std::string> fresh;
        for (const auto& file : lacking) fresh.insert(file.path);
        std::vector<store::ContentFile> names;
        for (const auto& set : tree->sets) {
            source_.for_each_record(set, [&](const store::Record& record) {
                if (fresh.contains(store::pool_files(source_.manifest().repository, record)[0].path))
                    names.push_back({record.name, record.sha256, record.size});
            });
        }
        for (const auto& file : evenly(names, kMostPackages)) expect_content(file, file.path);
    }

    void packages(const std::vector<store::ContentFile>& lacking) {
        if (source_.find_format(kTreeFormat) != nullptr) return;
        const auto architectures = architectures_of(source_);
        const std::size_t prefix = layout::pool(source_.manifest().repository).size() + 1;
        for (const auto& file : evenly(lacking, kMostPackages))
            expect_length(client_path(file.path.substr(prefix), architectures), file.size);
    }

private:
    // Of a package below pool/<repository>, as indexes of its format name it.
    static std::string client_path(const std::string& path,
                                   const std::map<std::string, std::string>& architectures) {
        for (const auto& [dist, architecture] : architectures) {
            const std::string shared = fmt::format("rpm/{}/Packages/", dist);
            if (!path.starts_with(shared)) continue;
            const std::string directory =
                layout::rpm_directory(dist, path.ends_with("src.rpm") ? kSource : architecture);
            return fmt::format("{}/Packages/{}", directory, path.substr(shared.size()));
        }
        return "pool/" + path;
    }

    template <typename Ask>
    auto unless_stopped(const Ask& ask) {
        try {
            return ask();
        } catch (const Error&) {
            if (stop_.stop_requested()) throw Cancelled();
            throw;
        }
    }

    std::string address_of(const std::string& path) const { return net::join_url(check_, top_ + "/" + path); }

    void expect_content(const store::ContentFile& file, const std::string& path) {
        if (file.size > kLargestRead)
            expect_length(path, file.size);
        else
            expect(path, file.size, file.sha256);
    }

    void expect(const std::string& path, std::uint64_t size, const std::string& sha256) {
        const std::string address = address_of(path);
        const std::string bytes = read(address, size);
        const std::string found = base::sha256_hex(bytes);
        if (bytes.size() == size && found == sha256) return;
        refuse(address, fmt::format("expected {} bytes with digest {}, found {} bytes with digest {}", size,
                                    sha256, bytes.size(), found));
    }

    void expect_length(const std::string& path, std::uint64_t size) {
        const std::string address = address_of(path);
        const auto found = unless_stopped([&] { return client_.head(address, stop_); });
        if (found == size) return;
        refuse(address, fmt::format("expected {} bytes, the server has {}", size,
                                    found ? fmt::format("{}", *found) : "no length of it"));
    }

    std::string read(const std::string& address, std::uint64_t most) {
        return unless_stopped([&] { return client_.get(address, most, stop_); });
    }

    net::HttpClient& client_;
    const std::string& check_;
    const std::vector<std::string>& formats_;  // empty: all
    store::GenerationReader source_;
    std::string top_;
    std::stop_token stop_;
};

class HttpChecker : public Checker {
public:
    explicit HttpChecker(HttpCheckOptions options) : options_(std::move(options)) {}

    void check_staged(const StageRequest& request, const std::optional<Version>& before) override {
        const auto& identity = request.identity;
        Look look(client_, options_, request,
                  layout::generation(identity.repository, identity.version.generation), request.stop);
        look.manifest();
        look.pointers();
        const Plan plan = look.plan_after(before);
        look.index_files(plan.metadata);
        look.packages(plan.packages);
        look.tree_files(plan.packages);
    }

    // Not to be stopped: what clients see now is seen to the end.
    void check_live(const StageRequest& request) override {
        Look look(client_, options_, request, layout::head(request.identity.repository), {});
        look.manifest();
        look.pointers();
        look.repomd_files();
        look.mirrorlists(options_.url);
    }

private:
    HttpCheckOptions options_;
    net::HttpClient client_;
};

}  // namespace

std::unique_ptr<Checker> make_http_checker(HttpCheckOptions options) {
    return std::make_unique<HttpChecker>(std::move(options));
}

}  // namespace repotool::sync
