// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/upkeep/repository_check.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_names.hpp"
#include "core/store/head.hpp"
#include "core/store/history.hpp"
#include "core/store/layout.hpp"
#include "core/store/name_remover.hpp"
#include "core/store/roster.hpp"
#include "core/store/tags.hpp"

namespace repotool::publisher {
namespace {

namespace layout = store::layout;
using store::ContentFile;
using store::GenerationReader;

constexpr const char* kTemporary = "private/fsck.new";

std::string in_public(const std::string& path) {
    return "public/" + path;
}

}  // namespace

std::vector<MendableFinding> RepositoryCheck::run() {
    attempt(layout::history_directory(repository_), [&] { check_history(); });
    attempt(in_public(layout::head(repository_)), [&] { check_head(); });
    attempt(in_public(layout::generations(repository_)), [&] { check_tags(); });
    for (const auto generation : store::list_generations(filesystem_, "public", repository_))
        check_generation(generation);
    if (is_readable_) attempt(in_public(layout::meta(repository_)), [&] { check_surplus(); });
    return std::move(findings_);
}

void RepositoryCheck::find(const std::string& path, const std::string& problem, std::function<void()> mend) {
    const auto state = mend ? RepairState::possible : RepairState::none;
    findings_.push_back({{repository_, path, problem, state}, std::move(mend)});
}

// What cannot be read is a finding; the rest is still looked at.
void RepositoryCheck::attempt(const std::string& path, const std::function<void()>& check) {
    try {
        check();
    } catch (const base::Error& error) {
        if (error.kind() == base::ErrorKind::internal) throw;
        find(error.object().empty() ? path : error.object(), error.reason());
        is_readable_ = false;
    }
}

void RepositoryCheck::check_history() {
    for (const auto& record : store::History(filesystem_, repository_).read()) {
        if (record.operation == "expire") {
            ends_expired_ = true;
        } else if (record.generation > last_flip_) {
            last_flip_ = record.generation;
            manifests_[record.generation] = record.manifest_sha256;
            ends_expired_ = false;
        }
    }
}

void RepositoryCheck::check_head() {
    const std::string path = in_public(layout::head(repository_));
    const auto head = store::make_symlink_head(filesystem_, "public", repository_);
    const auto current = head->current();
    const auto has_generation = [&](std::uint64_t generation) {
        return filesystem_.status(in_public(layout::generation(repository_, generation)) + "/MANIFEST")
            .has_value();
    };
    if (current && !has_generation(*current))
        return find(path, fmt::format("it leads to generation {}, which is not there", *current));
    if (current && last_flip_ < *current) {
        find(layout::history_directory(repository_),
             fmt::format("it ends with generation {}, {} is current", last_flip_, *current));
    }
    if (current || ends_expired_ || last_flip_ == 0) return;
    const std::string problem =
        fmt::format("it is not there; the history ends with generation {}", last_flip_);
    const std::string manifest = in_public(layout::generation(repository_, last_flip_)) + "/MANIFEST";
    if (!proof_.fault(manifest, manifests_[last_flip_]).empty()) return find(path, problem);
    find(path, problem, [this, flip = last_flip_] {
        store::make_symlink_head(filesystem_, "public", repository_)->compare_and_swap(std::nullopt, flip);
    });
}

void RepositoryCheck::check_tags() {
    for (const auto& [name, generation] : store::list_tags(filesystem_, "public", repository_)) {
        if (filesystem_.status(in_public(layout::generation(repository_, generation)))) continue;
        find(in_public(layout::generations(repository_)) + "/" + name,
             fmt::format("the tag names generation {}, which is not there", generation));
    }
}

void RepositoryCheck::check_generation(std::uint64_t generation) {
    const std::string directory = layout::generation(repository_, generation);
    attempt(in_public(directory), [&] {
        const GenerationReader reader(filesystem_, "public", repository_, generation);
        const auto told = manifests_.find(generation);
        if (told != manifests_.end() && told->second != reader.manifest_sha256()) {
            find(in_public(directory) + "/MANIFEST",
                 fmt::format("the history knows it with digest {}, found {}", told->second,
                             reader.manifest_sha256()));
        }
        check_names(reader, directory);
        for (const auto& part : store::manifest_parts(reader.manifest(), reader.sub_manifests()))
            check_content(part.path, part.sha256, part.size);
        for (const auto& sub_manifest : reader.sub_manifests()) {
            for (const auto* set : sub_manifest.all_sets())
                attempt(in_public(directory), [&] { check_set(reader, *set); });
        }
    });
}

// The real files and symlinks of the generation itself: these and no others.
void RepositoryCheck::check_names(const GenerationReader& reader, const std::string& directory) {
    std::set<std::string> known{directory + "/MANIFEST", directory + "/MANIFEST.asc"};
    for (const auto& sub_manifest : reader.sub_manifests()) {
        for (const auto& pointer : sub_manifest.pointers) {
            const std::string path = directory + "/" + pointer.path;
            known.insert(path);
            if (const auto fault = proof_.fault(in_public(path), pointer.sha256, pointer.size);
                !fault.empty())
                find(in_public(path), fault);
        }
    }
    for (const auto& link : store::generation_links(reader.manifest(), reader.sub_manifests())) {
        known.insert(directory + "/" + link.path);
        check_link(directory + "/" + link.path, link.target);
    }
    for (const auto& link : store::shared_links(repository_, reader.sub_manifests()))
        check_link(link.path, link.target);
    fs::walk(filesystem_, in_public(directory), [&](const std::string& path, const fs::Status&) {
        const std::string relative = path.substr(in_public("").size());
        const bool is_mirrorlist = relative.ends_with("/mirrorlist");  // fixed by the site's address
        if (!known.contains(relative) && !is_mirrorlist) find(path, "the manifest does not name it");
    });
}

void RepositoryCheck::check_set(const GenerationReader& reader, const store::SetEntry& set) {
    for (const auto& file : store::index_files(repository_, set))
        check_content(file.path, file.sha256, file.size);
    for (const auto& chunk : reader.chunk_list(set)) {
        const bool is_new = looked_at_.insert(layout::tree_part(repository_, chunk.sha256)).second;
        if (!is_new) continue;
        attempt(in_public(layout::tree_part(repository_, chunk.sha256)), [&] {
            for (const auto& record : reader.records(chunk)) {
                for (const auto& file : store::pool_files(repository_, record)) check_package(file);
            }
        });
    }
}

void RepositoryCheck::check_content(const std::string& path, const std::string& sha256, std::uint64_t size) {
    if (!looked_at_.insert(path).second) return;
    const std::string fault = proof_.fault(in_public(path), sha256, size);
    if (!fault.empty()) find(in_public(path), fault);
}

void RepositoryCheck::check_link(const std::string& path, const std::string& target) {
    if (!looked_at_.insert(path).second) return;
    const auto found = filesystem_.read_link(in_public(path));
    if (found == target) return;
    find(in_public(path),
         fmt::format("expected a symlink to '{}', found {}", target, found ? "'" + *found + "'" : "none"),
         [this, path, target] { replace_link(target, in_public(path)); });
}

void RepositoryCheck::check_package(const ContentFile& file) {
    packages_[file.sha256].insert(file.path);
    if (!looked_at_.insert(file.path).second) return;
    const std::string name = in_public(file.path);
    const std::string object = layout::object(file.sha256);
    const std::string name_fault = proof_.fault(name, file.sha256, file.size);
    const std::string object_fault = proof_.fault(object, file.sha256, file.size);
    if (!name_fault.empty()) {
        std::function<void()> mend;
        if (object_fault.empty()) mend = [this, object, name] { replace_by_link(object, name); };
        find(name, name_fault, std::move(mend));
    }
    if (!object_fault.empty()) {
        std::function<void()> mend;
        if (name_fault.empty()) mend = [this, object, name] { replace_by_link(name, object); };
        find(object, object_fault, std::move(mend));
    }
}

// Below pool/ and meta/ of this repository, and not of one that has its name as a prefix.
bool RepositoryCheck::is_ours(const std::string& path) const {
    for (const auto& other : store::known_repositories(filesystem_)) {
        if (!other.starts_with(repository_ + "/")) continue;
        if (path.starts_with(layout::pool(other) + "/") || path.starts_with(layout::meta(other) + "/"))
            return false;
    }
    return true;
}

void RepositoryCheck::check_surplus() {
    find_surplus_metadata();
    find_surplus_packages();
}

void RepositoryCheck::find_surplus_metadata() {
    std::set<std::string> leaving;  // what is on its way out is gc's affair
    for (const auto& waste : store::list_waste(filesystem_, layout::kTrash, repository_)) {
        const auto names = store::read_generation_names(
            filesystem_, fs::join_path(layout::kTrash, waste.name()), repository_, store::Missing::is_gone);
        for (const auto* files : {&names.indexes, &names.parts, &names.roots}) {
            for (const auto& file : *files) leaving.insert(file.path);
        }
        for (const auto* lists : {&names.package_lists, &names.other_lists}) {
            for (const auto& list : *lists) {
                for (const auto& chunk :
                     store::read_chunk_list(filesystem_, repository_, list, store::Missing::is_gone))
                    leaving.insert(layout::tree_part(repository_, chunk.sha256));
            }
        }
    }
    find_surplus(layout::meta(repository_), leaving);
}

void RepositoryCheck::find_surplus_packages() {
    std::set<std::string> condemned;
    for (const auto& waste : store::list_waste(filesystem_, layout::kCondemned, repository_)) {
        for (const auto& [path, file] : store::read_condemned(filesystem_, waste)) condemned.insert(path);
    }
    for (const auto& waste : store::list_waste(filesystem_, layout::kTrash, repository_))
        add_packages_of(fs::join_path(layout::kTrash, waste.name()), condemned);
    find_surplus(layout::pool(repository_), condemned);
}

// What a generation on its way out names stays for its grace; the parts that are gone named nothing any more.
void RepositoryCheck::add_packages_of(const std::string& generation, std::set<std::string>& paths) {
    const auto names =
        store::read_generation_names(filesystem_, generation, repository_, store::Missing::is_gone);
    for (const auto& list : names.package_lists) {
        for (const auto& chunk :
             store::read_chunk_list(filesystem_, repository_, list, store::Missing::is_gone)) {
            const std::string part = in_public(layout::tree_part(repository_, chunk.sha256));
            if (!filesystem_.status(part)) continue;
            for (const auto& record : store::parse_records(fs::read_file(filesystem_, part))) {
                for (const auto& file : store::pool_files(repository_, record)) paths.insert(file.path);
            }
        }
    }
}

void RepositoryCheck::find_surplus(const std::string& directory, const std::set<std::string>& leaving) {
    fs::walk(filesystem_, in_public(directory), [&](const std::string& path, const fs::Status&) {
        const std::string relative = path.substr(in_public("").size());
        if (looked_at_.contains(relative) || leaving.contains(relative) || !is_ours(relative)) return;
        find(path, "no generation names it", [this, relative] {
            store::NameRemover remover(filesystem_, repository_);
            remover.remove(relative);
            remover.prune();
            remover.sync();
        });
    });
}

void RepositoryCheck::replace_by_link(const std::string& from, const std::string& path) {
    filesystem_.remove(kTemporary);
    const unsigned mode = path.starts_with("public/") ? 0755 : 0700;
    for (const auto& changed : fs::make_directories(filesystem_, fs::parent_path(path), mode))
        filesystem_.sync_directory(changed);
    filesystem_.link(from, kTemporary);
    filesystem_.rename(kTemporary, path, fs::Replace::yes);
    filesystem_.sync_directory(fs::parent_path(path));
}

void RepositoryCheck::replace_link(const std::string& target, const std::string& path) {
    filesystem_.remove(kTemporary);
    for (const auto& changed : fs::make_directories(filesystem_, fs::parent_path(path), 0755))
        filesystem_.sync_directory(changed);
    filesystem_.symlink(target, kTemporary);
    filesystem_.rename(kTemporary, path, fs::Replace::yes);
    filesystem_.sync_directory(fs::parent_path(path));
}

}  // namespace repotool::publisher
