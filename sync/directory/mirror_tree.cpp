// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/directory/mirror_tree.hpp"

#include <fmt/format.h>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"
#include "core/store/sync_batch.hpp"

namespace repotool::sync {
namespace {

using base::Error;
using base::ErrorKind;

[[noreturn]] void damaged(const std::string& path, const std::string& reason) {
    throw Error(ErrorKind::integrity, "read", path, reason);
}

void require_digest(const std::string& path, const std::string& bytes, const std::string& sha256) {
    const std::string found = base::sha256_hex(bytes);
    if (found != sha256) damaged(path, fmt::format("expected digest {}, found {}", sha256, found));
}

// Collects what must be synced while files are made.
class TreeWriter {
public:
    TreeWriter(fs::Filesystem& mirror, std::string root, base::UnixSeconds date)
        : mirror_(mirror), root_(std::move(root)), date_(date), batch_(mirror) {
        mirror_.make_directory(root_, 0755);
        batch_.add_directory(fs::parent_path(root_));
        batch_.add_directory(root_);
    }

    void file(const std::string& path, const std::string& bytes) {
        make_parent(path);
        fs::write_new_file(mirror_, root_ + "/" + path, bytes, 0644, date_, fs::Durable::no);
        batch_.add_file(root_ + "/" + path);
        ++transferred_.files;
        transferred_.bytes += bytes.size();
    }
    void link(const store::TreeLink& link) {
        make_parent(link.path);
        mirror_.symlink(link.target, root_ + "/" + link.path);
    }
    Transferred finish() {
        batch_.flush();
        return transferred_;
    }

private:
    void make_parent(const std::string& path) {
        const std::string parent = fs::parent_path(root_ + "/" + path);
        for (const auto& changed : fs::make_directories(mirror_, parent, 0755)) batch_.add_directory(changed);
        batch_.add_directory(parent);
    }

    fs::Filesystem& mirror_;
    std::string root_;
    base::UnixSeconds date_;
    store::SyncBatch batch_;
    Transferred transferred_;
};

// A mirror that carries some of the formats says so, for whoever reads its generations.
void write_carries(TreeWriter& tree, const store::GenerationReader& source) {
    const auto& carried = source.manifest().formats;
    if (store::parse_manifest(source.manifest_text()).formats.size() == carried.size()) return;
    std::string text;
    for (const auto& [format, reference] : carried) text += format + "\n";
    tree.file(store::kCarries, text);
}

// Each mirror names itself: the address pins a dnf session to this generation on this mirror.
void write_mirrorlists(TreeWriter& tree, const store::GenerationReader& source, std::string base_url) {
    if (base_url.empty()) return;
    while (base_url.ends_with('/')) base_url.pop_back();
    const auto& manifest = source.manifest();
    const std::string generation = store::layout::generation(manifest.repository, manifest.generation);
    const auto* rpm = source.find_format("rpm");
    if (rpm == nullptr) return;
    for (const auto& set : rpm->sets) {
        tree.file(store::layout::rpm_directory(set.dist, set.architecture) + "/mirrorlist",
                  fmt::format("{}/{}/{}/\n", base_url, generation,
                              store::layout::pin_directory(set.dist, set.architecture)));
    }
}

}  // namespace

Transferred write_tree(fs::Filesystem& mirror, const std::string& path, const store::GenerationReader& source,
                       const std::string& base_url) {
    const auto& manifest = source.manifest();
    const std::string shown =
        fs::join_path(source.filesystem().root(),
                      source.path_of(store::layout::generation(manifest.repository, manifest.generation)));
    TreeWriter tree(mirror, path, manifest.date);
    tree.file("MANIFEST", source.manifest_text());
    if (const auto signature = source.pointer_file("MANIFEST.asc")) tree.file("MANIFEST.asc", *signature);
    for (const auto& sub_manifest : source.sub_manifests()) {
        for (const auto& pointer : sub_manifest.pointers) {
            const auto bytes = source.pointer_file(pointer.path);
            if (!bytes) damaged(shown + "/" + pointer.path, "the manifest names it, but it is not there");
            require_digest(shown + "/" + pointer.path, *bytes, pointer.sha256);
            tree.file(pointer.path, *bytes);
        }
    }
    for (const auto& link : store::generation_links(manifest, source.sub_manifests())) tree.link(link);
    write_carries(tree, source);
    write_mirrorlists(tree, source, base_url);
    return tree.finish();
}

void verify_tree(fs::Filesystem& mirror, const std::string& path, const StageRequest& request) {
    const auto shown = [&](const std::string& name) {
        return fs::join_path(mirror.root(), path + "/" + name);
    };
    const std::string manifest = fs::read_file(mirror, path + "/MANIFEST");
    require_digest(shown("MANIFEST"), manifest, request.identity.id());
    for (const auto& sub_manifest : request.source.sub_manifests()) {
        for (const auto& pointer : sub_manifest.pointers) {
            const std::string name = path + "/" + pointer.path;
            if (!mirror.status(name))
                damaged(shown(pointer.path), "the manifest names it, but it is not there");
            require_digest(shown(pointer.path), fs::read_file(mirror, name), pointer.sha256);
        }
    }
    for (const auto& link :
         store::generation_links(request.source.manifest(), request.source.sub_manifests())) {
        const auto target = mirror.read_link(path + "/" + link.path);
        if (target != link.target) {
            damaged(shown(link.path), fmt::format("expected a symlink to {}, found '{}'", link.target,
                                                  target.value_or("no symlink")));
        }
    }
    if (request.check_signature) {
        const std::string signature = path + "/MANIFEST.asc";
        request.check_signature(manifest, mirror.status(signature) ? fs::read_file(mirror, signature) : "");
    }
}

}  // namespace repotool::sync
