// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/directory/inspection.hpp"

#include <fmt/format.h>

#include <functional>
#include <set>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/layout.hpp"
#include "sync/mirror/content.hpp"
#include "sync/tree/tree_entry.hpp"

namespace repotool::sync {
namespace {

using store::ContentFile;

class Inspector {
public:
    Inspector(fs::Filesystem& mirror, const std::string& repository, std::uint64_t generation)
        : mirror_(mirror),
          repository_(repository),
          directory_(store::layout::generation(repository, generation)) {
        result_.generation = generation;
        result_.is_read = true;
    }

    Inspection run() {
        // Without its manifest tree nobody knows what the rest should be.
        attempt(directory_, [&] {
            const store::GenerationReader reader(mirror_, "", repository_, *result_.generation);
            result_.manifest = reader.manifest_text();
            result_.signature = reader.pointer_file("MANIFEST.asc").value_or("");
            check_links(reader);
            for (const auto& part : store::manifest_parts(reader.manifest(), reader.sub_manifests()))
                check(part);
            for (const auto& sub_manifest : reader.sub_manifests()) check_format(reader, sub_manifest);
        });
        return std::move(result_);
    }

private:
    // What is broken is told, and the rest is looked at all the same.
    void attempt(const std::string& path, const std::function<void()>& work) {
        try {
            work();
        } catch (const base::Error& error) {
            result_.add(error.object().empty() ? path : error.object(), error.reason());
        }
    }

    void check(const ContentFile& file) {
        if (!seen_.insert(file.path).second) return;
        attempt(file.path, [&] {
            const auto status = mirror_.status(file.path);
            if (!status) return result_.add(file.path, "expected a file, found nothing");
            if (status->kind != fs::Kind::file)
                return result_.add(file.path, "expected a file, found something else");
            const auto found = fs::digest_file(*mirror_.open_read(file.path));
            ++result_.files;
            result_.bytes += found.size;
            if (is_same(found, file)) return;
            result_.add(file.path,
                        fmt::format("expected {} bytes with digest {}, found {} bytes with digest {}",
                                    file.size, file.sha256, found.size, found.sha256));
        });
    }

    void check_links(const store::GenerationReader& reader) {
        const auto check_link = [&](const std::string& path, const std::string& target) {
            const auto found = mirror_.read_link(path);
            if (found == target) return;
            result_.add(path, fmt::format("expected a symlink to '{}', found {}", target,
                                          found ? "'" + *found + "'" : "none"));
        };
        for (const auto& link : store::generation_links(reader.manifest(), reader.sub_manifests()))
            check_link(directory_ + "/" + link.path, link.target);
        for (const auto& link : store::shared_links(repository_, reader.sub_manifests()))
            check_link(link.path, link.target);
    }

    void check_format(const store::GenerationReader& reader, const store::SubManifest& sub_manifest) {
        for (const auto& pointer : sub_manifest.pointers)
            check({directory_ + "/" + pointer.path, pointer.sha256, pointer.size});
        for (const auto* set : sub_manifest.all_sets()) {
            for (const auto& file : store::index_files(repository_, *set)) check(file);
            attempt(directory_, [&] {
                for (const auto& chunk : reader.chunk_list(*set)) check_chunk(reader, chunk);
            });
        }
        if (sub_manifest.format == kTreeFormat)
            attempt(directory_, [&] { check_tree(reader, sub_manifest); });
    }

    // A file of the tree is one with that in pool/, or a copy where links ran out.
    void check_tree(const store::GenerationReader& reader, const store::SubManifest& tree) {
        for (const auto& set : tree.sets) {
            reader.for_each_record(set, [&](const store::Record& record) {
                const std::string path = directory_ + "/" + record.name;
                const auto content = store::pool_files(repository_, record)[0];
                const auto there = mirror_.status(path);
                const auto pooled = mirror_.status(content.path);
                const bool is_one = there && pooled && there->inode == pooled->inode;
                if (!is_one) check({path, content.sha256, content.size});
            });
        }
        if (tree.pointers.empty()) return;
        for (const auto& entry : parse_tree_entries(reader.pointer_file(kTreeLinks).value_or(""))) {
            const std::string path = directory_ + "/" + entry.path;
            const auto found = mirror_.read_link(path);
            const bool is_good =
                entry.target.empty() ? mirror_.status(path).has_value() : found == entry.target;
            if (!is_good)
                result_.add(path,
                            fmt::format("expected '{}', found {}", entry.target, found.value_or("none")));
        }
    }

    void check_chunk(const store::GenerationReader& reader, const store::ChunkReference& chunk) {
        const std::string path = store::layout::tree_part(repository_, chunk.sha256);
        if (!seen_.insert(path).second) return;
        attempt(path, [&] {
            const std::string text = reader.chunk_text(chunk);  // which compares its digest
            ++result_.files;
            result_.bytes += text.size();
            for (const auto& record : store::parse_records(text)) {
                for (const auto& file : store::pool_files(repository_, record)) check(file);
            }
        });
    }

    fs::Filesystem& mirror_;
    const std::string& repository_;
    std::string directory_;
    std::set<std::string> seen_;  // two sets may share a file
    Inspection result_;
};

}  // namespace

Inspection inspect_generation(fs::Filesystem& mirror, const std::string& repository,
                              std::uint64_t generation) {
    return Inspector(mirror, repository, generation).run();
}

}  // namespace repotool::sync
