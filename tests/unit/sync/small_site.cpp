// SPDX-License-Identifier: GPL-3.0-or-later
#include "small_site.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/base/digest.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/head.hpp"
#include "core/store/layout.hpp"
#include "forwarding_filesystem.hpp"

namespace repotool::sync::testing {
namespace {

constexpr std::int64_t kDate = 1'790'000'000;

store::Record make_record(const std::string& format, const std::string& name, const std::string& version) {
    store::Record record;
    record.name = name;
    record.version = version;
    record.architecture = format == "deb" ? "amd64" : "x86_64";
    record.path = format == "deb"
                      ? fmt::format("bookworm/main/{}/{}/{}_{}_amd64.deb", name[0], name, name, version)
                      : fmt::format("rpm/el9/Packages/{}/{}-{}.x86_64.rpm", name[0], name, version);
    return record;
}

std::string package_bytes(const store::Record& record) {
    std::string bytes;
    for (int i = 0; i < 20; ++i) bytes += record.path + "\n";
    return bytes;
}

}  // namespace

std::string Workspace::directory(const std::string& name) const {
    std::filesystem::create_directories(path(name));
    return path(name);
}

SmallSite::SmallSite(const std::string& directory, std::string repository)
    : repository_(std::move(repository)) {
    std::filesystem::create_directories(directory + "/public");
    std::filesystem::create_directories(directory + "/private");
    filesystem_ = make_unsynced_filesystem(directory);
}

void SmallSite::put(const std::string& path, const std::string& text) {
    const std::string full = "public/" + path;
    if (filesystem_->status(full)) return;
    fs::make_directories(*filesystem_, fs::parent_path(full), 0755);
    fs::write_new_file(*filesystem_, full, text, 0644, kDate + static_cast<std::int64_t>(generation_),
                       fs::Durable::no);
}

store::ContentReference SmallSite::put_part(const std::string& text) {
    const std::string digest = base::sha256_hex(text);
    put(store::layout::tree_part(repository_, digest), text);
    return {digest, text.size()};
}

store::SetEntry SmallSite::make_set(const std::string& format, const Packages& packages) {
    const bool deb = format == "deb";
    store::SetEntry set{
        deb ? "bookworm" : "el9", deb ? "main" : "", deb ? "amd64" : "x86_64", packages.size(), {}, {}, {}};
    store::ChunkEdits edits;
    std::string text;
    for (const auto& [name, version] : packages) {
        store::Record record = make_record(format, name, version);
        const std::string bytes = package_bytes(record);
        record.sha256 = record.content = base::sha256_hex(bytes);
        record.size = bytes.size();
        put(store::pool_files(repository_, record)[0].path, bytes);
        text += record.path + "\n";
        edits[store::record_key(record)] = record;
    }
    store::ChunkList list;
    for (const auto& piece : store::edit_chunks({}, edits, {})) {
        list.push_back(piece.reference);
        put_part(piece.text);
    }
    set.chunks = put_part(store::render_chunk_list(list));
    const std::string index = deb ? "Packages" : "primary";
    set.frames =
        put_part(store::render_frame_table({{{index, {0, text.size(), 0}, {{"gz", {0, text.size(), 0}}}}}}));
    set.indexes = {{index, "none", base::sha256_hex(text), text.size()},
                   {index, "gz", base::sha256_hex("gz " + text), text.size() + 3}};
    for (const auto& file : store::index_files(repository_, set)) put(file.path, "gz " + text);
    return set;
}

void SmallSite::publish(const Packages& packages) {
    const auto parent = generation_;
    generation_ = generation_ == 0 ? first_generation : generation_ + 1;
    store::Manifest manifest;
    manifest.repository = repository_;
    manifest.generation = generation_;
    manifest.epoch = epoch;
    manifest.date = kDate + static_cast<std::int64_t>(generation_);
    if (parent != 0) manifest.parent = store::ParentReference{parent, base::sha256_hex("parent")};
    const std::string generation = store::layout::generation(repository_, generation_);
    std::vector<store::SubManifest> sub_manifests;
    for (const std::string format : {"deb", "rpm"}) {
        store::SubManifest sub{format, {}, {make_set(format, packages)}};
        const std::string path =
            format == "deb" ? "dists/bookworm/Release" : "pin/el9/x86_64/repodata/repomd.xml";
        const std::string pointer =
            fmt::format("{} of {}@{} epoch {}\n", path, repository_, generation_, epoch);
        sub.pointers.push_back({path, base::sha256_hex(pointer), pointer.size()});
        put(generation + "/" + path, pointer);
        manifest.formats[format] = put_part(store::render_sub_manifest(sub));
        sub_manifests.push_back(std::move(sub));
    }
    put(generation + "/MANIFEST", store::render_manifest(manifest));
    const auto link = [&](const std::string& path, const std::string& target) {
        if (filesystem_->status("public/" + path)) return;
        fs::make_directories(*filesystem_, fs::parent_path("public/" + path), 0755);
        filesystem_->symlink(target, "public/" + path);
    };
    for (const auto& item : store::generation_links(manifest, sub_manifests))
        link(generation + "/" + item.path, item.target);
    for (const auto& item : store::shared_links(repository_, sub_manifests)) link(item.path, item.target);
    const auto head = store::make_symlink_head(*filesystem_, "public", repository_);
    head->compare_and_swap(head->current(), generation_);
}

void SmallSite::put_signature(const std::string& text) {
    put(store::layout::generation(repository_, generation_) + "/MANIFEST.asc", text);
}

void SmallSite::put_key(const std::string& name, const std::string& text) {
    filesystem_->make_directory("public/keys", 0755);
    fs::replace_file(*filesystem_, "public/keys/" + name, text, 0644);
}

std::string read_text(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

namespace {

std::map<std::string, std::string> tree_of(const std::filesystem::path& top) {
    std::map<std::string, std::string> found;
    if (!std::filesystem::exists(top)) return found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(top)) {
        const std::string name = entry.path().lexically_relative(top).string();
        if (entry.is_symlink()) {
            found[name] = "-> " + std::filesystem::read_symlink(entry.path()).string();
        } else if (!entry.is_directory()) {
            found[name] = read_text(entry.path().string());
        } else if (std::filesystem::is_empty(entry.path())) {
            found[name] = "empty directory";
        }
    }
    return found;
}

}  // namespace

std::map<std::string, std::string> snapshot(const std::string& path) {
    auto found = tree_of(path);
    std::erase_if(found, [](const auto& item) { return item.first.starts_with(".mirrorsync"); });
    return found;
}

std::map<std::string, std::string> private_snapshot(const std::string& path) {
    auto found = tree_of(path + "/.mirrorsync");
    std::erase_if(found, [](const auto& item) {
        return item.first.starts_with(".site/") || item.first.ends_with("/ticket") ||
               item.second == "empty directory";
    });
    return found;
}

}  // namespace repotool::sync::testing
