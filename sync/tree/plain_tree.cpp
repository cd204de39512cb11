// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/tree/plain_tree.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/head.hpp"
#include "core/store/layout.hpp"
#include "core/store/sync_batch.hpp"
#include "sync/mirror/lock.hpp"
#include "sync/tree/tree_view.hpp"

namespace repotool::sync {
namespace {

using base::Error;
using base::ErrorKind;

constexpr const char* kCache = "cache";
constexpr std::int64_t kLockPatience = 600;
// A coordinator that is at work may still read an older one.
constexpr std::size_t kKept = 8;

// The moment, as people write it: 20261120125000. So numbers grow even where the working directory was lost.
std::uint64_t number_of(base::UnixSeconds time) {
    std::string digits;
    for (const char c : base::iso8601(time)) {
        if (c >= '0' && c <= '9') digits += c;
    }
    return std::stoull(digits);
}

// Writes generations without their files below a public tree of its own.
class Publisher {
public:
    Publisher(fs::Filesystem& shadow, const std::string& repository)
        : shadow_(shadow),
          repository_(repository),
          head_(store::make_symlink_head(shadow, "", repository)),
          batch_(shadow) {}

    // Nothing is written where the tree is that of the current generation.
    void publish(const ScannedTree& tree) {
        const std::string links = render_tree_entries(tree.entries);
        const std::string sub_manifest = store::render_sub_manifest(describe(tree, links));
        const store::ContentReference reference{base::sha256_hex(sub_manifest), sub_manifest.size()};
        store::Manifest manifest = next_manifest();
        if (parent_ && parent_->manifest().formats.at(kTreeFormat) == reference) return;
        manifest.formats[kTreeFormat] = reference;
        parts_.push_back(sub_manifest);
        for (const auto& part : parts_) put_part(part);
        put_generation(manifest, links);
        batch_.flush();
        head_->compare_and_swap(head_->current(), manifest.generation);
        forget_old();
    }

private:
    store::SubManifest describe(const ScannedTree& tree, const std::string& links) {
        store::ChunkEdits edits;
        for (const auto& [path, file] : tree.files) {
            const auto record = tree_record(path, file.sha256, file.size);
            edits[store::record_key(record)] = record;
        }
        store::ChunkList list;
        for (auto& piece : store::edit_chunks({}, edits, {})) {
            list.push_back(piece.reference);
            parts_.push_back(std::move(piece.text));
        }
        store::SetEntry set = tree_set();
        set.packages = tree.files.size();
        set.chunks = part(store::render_chunk_list(list));
        set.frames = part(store::render_frame_table({}));
        store::SubManifest sub_manifest{kTreeFormat, {}, {set}};
        if (!links.empty()) sub_manifest.pointers = {{kTreeLinks, base::sha256_hex(links), links.size()}};
        return sub_manifest;
    }

    store::ContentReference part(std::string text) {
        parts_.push_back(std::move(text));
        return {base::sha256_hex(parts_.back()), parts_.back().size()};
    }

    store::Manifest next_manifest() {
        store::Manifest manifest;
        manifest.repository = repository_;
        manifest.date = base::system_clock().real_now();
        manifest.generation = number_of(manifest.date);
        const auto current = head_->current();
        if (current) {
            parent_.emplace(shadow_, "", repository_, *current);
            manifest.parent = store::ParentReference{*current, parent_->manifest_sha256()};
            manifest.generation = std::max(manifest.generation, *current + 1);
            manifest.date = std::max(manifest.date, parent_->manifest().date + 1);  // I12
        }
        // One that was killed while it was written is not written to again.
        while (shadow_.status(store::layout::generation(repository_, manifest.generation)))
            ++manifest.generation;
        return manifest;
    }

    void put(const std::string& path, const std::string& text, base::UnixSeconds date) {
        for (const auto& made : fs::make_directories(shadow_, fs::parent_path(path), 0755))
            batch_.add_directory(made);
        fs::write_new_file(shadow_, path, text, 0644, date, fs::Durable::no);
        batch_.add_file(path);
        batch_.add_directory(fs::parent_path(path));
    }

    void put_part(const std::string& text) {
        const std::string path = store::layout::tree_part(repository_, base::sha256_hex(text));
        const auto status = shadow_.status(path);
        if (status && status->size == text.size()) return;
        shadow_.remove(path);  // of one that was killed
        put(path, text, 0);
    }

    void put_generation(const store::Manifest& manifest, const std::string& links) {
        const std::string directory = store::layout::generation(repository_, manifest.generation);
        put(directory + "/MANIFEST", store::render_manifest(manifest), manifest.date);
        if (!links.empty()) put(directory + "/" + kTreeLinks, links, manifest.date);
    }

    void forget_old() {
        const std::string directory = store::layout::generations(repository_);
        std::vector<std::uint64_t> numbers;
        for (const auto& name : shadow_.list(directory)) numbers.push_back(std::stoull(name));
        if (numbers.size() <= kKept) return;
        std::sort(numbers.begin(), numbers.end());
        const auto first_kept = numbers.end() - kKept;
        for (auto number = numbers.begin(); number != first_kept; ++number)
            fs::remove_tree(shadow_, store::layout::generation(repository_, *number));
        forget_parts({first_kept, numbers.end()});
    }

    void forget_parts(const std::vector<std::uint64_t>& kept) {
        std::set<std::string> named;
        for (const auto number : kept) {
            if (!shadow_.status(store::layout::generation(repository_, number) + "/MANIFEST")) continue;
            const store::GenerationReader reader(shadow_, "", repository_, number);
            for (const auto& part : store::manifest_parts(reader.manifest(), reader.sub_manifests()))
                named.insert(part.path);
            for (const auto& set : reader.sub_manifests().at(0).sets) {
                for (const auto& chunk : reader.chunk_list(set))
                    named.insert(store::layout::tree_part(repository_, chunk.sha256));
            }
        }
        fs::walk(shadow_, store::layout::meta(repository_), [&](const std::string& path, const auto&) {
            if (!named.contains(path)) shadow_.remove(path);
        });
    }

    fs::Filesystem& shadow_;
    const std::string& repository_;
    std::unique_ptr<store::Head> head_;
    store::SyncBatch batch_;
    std::optional<store::GenerationReader> parent_;
    std::vector<std::string> parts_;
};

std::unique_ptr<fs::Filesystem> open_shadow(fs::Filesystem& work) {
    work.make_directory("public", 0700);
    return fs::open_posix_filesystem(work.root() + "/public");
}

}  // namespace

struct PlainTree::State {
    State(const std::string& directory, const std::string& place)
        : tree(fs::open_posix_filesystem(directory)),
          work(fs::open_posix_filesystem(place)),
          shadow(open_shadow(*work)),
          view(*shadow, *tree) {}

    std::unique_ptr<fs::Filesystem> tree;
    std::unique_ptr<fs::Filesystem> work;
    std::unique_ptr<fs::Filesystem> shadow;
    TreeView view;
};

PlainTree::PlainTree(const std::string& directory, const std::string& work)
    : state_(std::make_unique<State>(directory, work)) {}

PlainTree::~PlainTree() = default;

fs::Filesystem& PlainTree::filesystem() {
    return state_->view;
}

void PlainTree::refresh(const std::string& repository) {
    fs::Filesystem& work = *state_->work;
    const auto lock = wait_for_lock(work, "lock", state_->tree->root(), kLockPatience);
    const auto known =
        work.status(kCache) ? parse_scan(fs::read_file(work, kCache)) : std::map<std::string, ScannedFile>();
    const auto began = base::system_clock().real_now();
    ScannedTree tree = scan_tree(*state_->tree, known);
    if (tree.files.empty() && tree.entries.empty()) {
        throw Error(ErrorKind::usage, "mirror", state_->tree->root(), "it is empty",
                    "is its filesystem mounted?");
    }
    const std::string cache = render_scan(tree, began);
    fs::replace_file(work, kCache, cache, 0600);
    Publisher(*state_->shadow, repository).publish(tree);
    state_->view.set_files(std::move(tree.files));
}

}  // namespace repotool::sync
