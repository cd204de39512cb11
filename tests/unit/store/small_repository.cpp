// SPDX-License-Identifier: GPL-3.0-or-later
#include "small_repository.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "core/base/digest.hpp"
#include "core/fs/tree.hpp"
#include "core/store/condemned.hpp"
#include "core/store/generation_names.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/head.hpp"
#include "core/store/history_event.hpp"
#include "core/store/layout.hpp"
#include "core/store/recovery.hpp"
#include "core/store/roster.hpp"
#include "core/store/text_map.hpp"
#include "core/store/transaction.hpp"

namespace repotool::store::testing {
namespace {

Record make_record(const std::string& name, const std::string& version) {
    Record record;
    record.name = name;
    record.version = version;
    record.architecture = "amd64";
    record.path = fmt::format("bookworm/main/{}/{}/{}_{}_amd64.deb", name[0], name, name, version);
    const std::string bytes = SmallSite::bytes_of(name, version);
    record.sha256 = record.content = base::sha256_hex(bytes);
    record.size = bytes.size();
    return record;
}

Packages for_architecture(const Packages& packages, const std::string& architecture) {
    Packages found = packages;
    if (architecture != "amd64")
        std::erase_if(found, [](const auto& entry) { return !entry.first.starts_with("all"); });
    return found;
}

std::string index_text(const Packages& packages, const std::string& architecture) {
    std::string text = "index for " + architecture + "\n";
    for (const auto& [name, version] : for_architecture(packages, architecture))
        text += name + " " + version + "\n";
    return text;
}

// Stages one generation as the publisher does.
class Staging {
public:
    Staging(SmallSite& site, Transaction& transaction, std::string repository, const Packages& packages)
        : site_(site), transaction_(transaction), repository_(std::move(repository)), packages_(packages) {}

    std::string stage(std::uint64_t number) {
        keep_objects();
        SubManifest sub{"deb", {}, {make_set("amd64"), make_set("arm64")}};
        const std::string release = fmt::format("release of {}@{}\n", repository_, number);
        sub.pointers.push_back({"dists/bookworm/Release", base::sha256_hex(release), release.size()});
        transaction_.add_tree_file("dists/bookworm/Release", release, date());
        Manifest manifest;
        manifest.repository = repository_;
        manifest.generation = number;
        manifest.date = date();
        manifest.formats["deb"] = put_part(render_sub_manifest(sub));
        const std::string text = render_manifest(manifest);
        transaction_.add_tree_file("MANIFEST", text, date());
        for (const auto& link : shared_links(repository_, {sub}))
            transaction_.add_shared_link(link.path, link.target);
        return text;
    }

private:
    base::UnixSeconds date() { return site_.clock().now(); }

    void keep_objects() {
        std::vector<StagedObject> objects;
        std::vector<std::string> digests;
        for (const auto& [name, version] : packages_) {
            const Record record = make_record(name, version);
            const std::string path = transaction_.fresh_path();
            fs::write_new_file(site_.filesystem(), path, SmallSite::bytes_of(name, version), 0444, 0,
                               fs::Durable::no);
            objects.push_back({path, record.sha256, record.size});
            digests.push_back(record.sha256);
            transaction_.add_pool_name(pool_files(repository_, record)[0].path, record.sha256);
        }
        transaction_.pin(digests);
        transaction_.keep_objects(objects);
    }

    ContentReference put_part(const std::string& text) {
        const std::string digest = base::sha256_hex(text);
        transaction_.add_content_bytes(layout::tree_part(repository_, digest), text, date());
        return {digest, text.size()};
    }

    SetEntry make_set(const std::string& architecture) {
        const Packages packages = for_architecture(packages_, architecture);
        SetEntry set{"bookworm", "main", architecture, packages.size(), {}, {}, {}};
        ChunkEdits edits;
        for (const auto& [name, version] : packages) {
            const Record record = make_record(name, version);
            edits[record_key(record)] = record;
        }
        ChunkList list;
        for (const auto& piece : edit_chunks({}, edits, {})) {
            list.push_back(piece.reference);
            put_part(piece.text);
        }
        set.chunks = put_part(render_chunk_list(list));
        const std::string text = index_text(packages_, architecture);
        set.frames = put_part(
            render_frame_table({{{"Packages", {0, text.size(), 0}, {{"gz", {0, text.size(), 0}}}}}}));
        set.indexes = {{"Packages", "none", base::sha256_hex(text), text.size()},
                       {"Packages", "gz", base::sha256_hex("gz " + text), text.size() + 3}};
        for (const auto& file : index_files(repository_, set))
            transaction_.add_content_bytes(file.path, "gz " + text, date());
        const std::string staged = transaction_.fresh_path();
        fs::write_new_file(site_.filesystem(), staged, render_text_map({}), 0600, 0, fs::Durable::no);
        transaction_.add_text(staged, base::sha256_hex(text));
        return set;
    }

    SmallSite& site_;
    Transaction& transaction_;
    std::string repository_;
    const Packages& packages_;
};

void require_file(fs::Filesystem& filesystem, const std::string& path, const std::string& sha256) {
    INFO(path);
    REQUIRE(filesystem.status(path));
    REQUIRE(base::sha256_hex(fs::read_file(filesystem, path)) == sha256);
}

std::string named_generation(const std::string& repository, std::uint64_t number) {
    return "public/" + layout::generation(repository, number);
}

}  // namespace

SmallSite::SmallSite(fs::Filesystem& filesystem) : filesystem_(filesystem), site_(filesystem, clock_) {
    site_.prepare_for_writing();
}

std::uint64_t SmallSite::publish(const std::string& repository, const Packages& packages) {
    clock_.advance(1);
    const auto transaction = Transaction::begin(site_, repository, "publish");
    const auto lock = site_.lock_repository(repository, 5, "a test");
    recover(site_, repository);
    const auto parent = make_symlink_head(filesystem_, "public", repository)->current();
    const std::uint64_t number = next_generation_number(filesystem_, repository);
    HistoryRecord record;
    record.manifest_sha256 =
        base::sha256_hex(Staging(*this, *transaction, repository, packages).stage(number));
    record.time = clock_.now();
    record.operation = "publish";
    record.generation = number;
    record.parent = parent.value_or(0);
    transaction->commit({parent, number, record});
    return number;
}

void SmallSite::expire(const std::string& repository) {
    const auto lock = site_.lock_repository(repository, 5, "a test");
    append_event(site_, repository, "expire", {}, "");
    filesystem_.remove("public/" + layout::head(repository));
}

std::string SmallSite::pool_path(const std::string& repository, const std::string& name,
                                 const std::string& version) {
    return "public/" + pool_files(repository, make_record(name, version))[0].path;
}
std::string SmallSite::object_path(const std::string& name, const std::string& version) {
    return layout::object(make_record(name, version).sha256);
}
std::string SmallSite::bytes_of(const std::string& name, const std::string& version) {
    return fmt::format("the bytes of {} {}\n", name, version);
}
bool SmallSite::has_generation(const std::string& repository, std::uint64_t generation) {
    return has(named_generation(repository, generation));
}
bool SmallSite::has_index(const std::string& repository, const Packages& packages) {
    const std::string digest = base::sha256_hex("gz " + index_text(packages, "amd64"));
    return has("public/" + layout::meta(repository) + "/" +
               layout::apt_index_directory("bookworm", "main", "amd64") + "/by-hash/SHA256/" + digest);
}

void require_whole(fs::Filesystem& filesystem) {
    for (const auto& repository : known_repositories(filesystem)) {
        for (const auto number : list_generations(filesystem, "public", repository)) {
            INFO(repository << "@" << number);
            const GenerationReader reader(filesystem, "public", repository, number);
            for (const auto& part : manifest_parts(reader.manifest(), reader.sub_manifests()))
                require_file(filesystem, "public/" + part.path, part.sha256);
            for (const auto& set : reader.sub_manifests().at(0).sets) {
                for (const auto& file : index_files(repository, set))
                    require_file(filesystem, "public/" + file.path, file.sha256);
                reader.for_each_record(set, [&](const Record& record) {
                    require_file(filesystem, "public/" + pool_files(repository, record)[0].path,
                                 record.sha256);
                    require_file(filesystem, layout::object(record.sha256), record.sha256);
                });
            }
        }
    }
}

void require_no_garbage(fs::Filesystem& filesystem) {
    std::set<std::string> named;
    for (const auto& repository : known_repositories(filesystem)) {
        for (const auto number : list_generations(filesystem, "public", repository)) {
            const auto names = read_generation_names(filesystem, named_generation(repository, number),
                                                     repository, Missing::is_damage);
            for (const auto* files : {&names.indexes, &names.parts, &names.roots}) {
                for (const auto& file : *files) named.insert("public/" + file.path);
            }
            for (const auto& list : names.package_lists) {
                for (const auto& chunk : read_chunk_list(filesystem, repository, list, Missing::is_damage)) {
                    named.insert("public/" + layout::tree_part(repository, chunk.sha256));
                    for (const auto& record :
                         read_chunk(filesystem, repository, chunk.sha256, Missing::is_damage)) {
                        named.insert("public/" + pool_files(repository, record)[0].path);
                        named.insert(layout::object(record.sha256));
                    }
                }
            }
        }
        for (const auto& waste : list_waste(filesystem, layout::kCondemned, repository)) {
            for (const auto& [path, file] : read_condemned(filesystem, waste)) {
                named.insert("public/" + path);
                named.insert(layout::object(file.sha256));
            }
        }
    }
    for (const char* directory : {"public/meta", "public/pool", "private/objects"}) {
        fs::walk(filesystem, directory, [&](const std::string& path, const fs::Status&) {
            INFO(path);
            REQUIRE(named.contains(path));
        });
    }
    REQUIRE(filesystem.list(layout::kTrash).empty());
    REQUIRE(filesystem.list(layout::kTransactions).empty());
}

std::map<std::string, std::string> snapshot(fs::Filesystem& filesystem) {
    std::map<std::string, std::string> found;
    fs::walk(filesystem, "", [&](const std::string& path, const fs::Status& status) {
        if (path.starts_with("private/locks/") || path == layout::kReserve) return;
        found[path] = status.kind == fs::Kind::symlink ? "-> " + *filesystem.read_link(path)
                                                       : fs::read_file(filesystem, path);
    });
    return found;
}

}  // namespace repotool::store::testing
