// SPDX-License-Identifier: GPL-3.0-or-later
// The package sets of a repository as they will be: those of the parent generation, and the edits so far.
// Reads the chunks that are asked for, and no others (I11).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/store/generation_reader.hpp"
#include "core/store/names.hpp"
#include "repotool/index/index_builder.hpp"
#include "repotool/packages/candidate.hpp"

namespace repotool::publisher {

struct SetName {
    formats::Format format = formats::Format::deb;
    std::string dist;
    std::string component;  // "" for RPM
    std::string architecture;
    friend auto operator<=>(const SetName&, const SetName&) = default;
};

class WorkingSets {
public:
    // `parent` may be null: a repository that begins. It outlives this object and its plans.
    explicit WorkingSets(const store::GenerationReader* parent) : parent_(parent) {}

    const store::GenerationReader* parent() const noexcept { return parent_; }
    // The parent's set; null where it has none.
    const store::SetEntry* entry(const SetName& name) const;
    // All sets: the parent's and those that were begun, sorted.
    std::vector<SetName> names() const;
    // Those of one (format, dist, component); `architecture` is not looked at.
    std::vector<SetName> names_beside(const SetName& name) const;
    // Those whose packages a client of this one sees as well, itself among them: all components of the
    // format, dist and machine. Source packages and those of the installer are apart.
    std::vector<SetName> names_in_view(const SetName& name) const;
    // A set without packages; nothing happens where there is one.
    void begin(const SetName& name);

    std::optional<store::Record> find(const SetName& name, const std::string& key);
    // All versions and architectures of a package, in the order of their keys.
    std::vector<store::Record> versions(const SetName& name, const std::string& package);
    // Everything: reads each chunk.
    std::vector<store::Record> all(const SetName& name);
    // Packages that were built from one of `sources`. One pass over the bytes of the set's chunks.
    std::vector<store::Record> built_from(const SetName& name, const std::set<std::string>& sources);

    // Digest of the parent's chunk that has the package with this key.
    std::optional<std::string> chunk_with(const SetName& name, const std::string& key);
    // The digests of the parent's chunks.
    std::set<std::string> chunk_digests(const SetName& name);
    // Whether the parent has this chunk, and no edit reaches into it.
    bool has_whole_chunk(const SetName& name, const std::string& sha256);

    void put(const SetName& name, const store::Record& record);
    void erase(const SetName& name, const std::string& key);
    // `extra` outlives the plans.
    void add_extra(const SetName& name, const ExtraCandidate* extra);
    // These, and none of those that the set has. Likewise.
    void replace_extras(const SetName& name, const std::vector<const ExtraCandidate*>& extras);
    bool has_extra_edits(const SetName& name) const;

    // Where an edit goes wrong, restore() takes back what came after mark().
    struct Edits {
        store::ChunkEdits records;
        std::vector<const ExtraCandidate*> extras;
        ParentExtras parent_extras = ParentExtras::keep;
        bool has_begun = false;
        bool edits_extras() const noexcept { return !extras.empty() || parent_extras == ParentExtras::drop; }
        bool is_empty() const noexcept { return records.empty() && !edits_extras() && !has_begun; }
    };
    using Mark = std::map<SetName, Edits>;
    Mark mark() const { return edits_; }
    const Mark& edits() const noexcept { return edits_; }
    void restore(Mark mark) { edits_ = std::move(mark); }

    bool has_extras_since(const Mark& mark) const;
    // Sets that differ from the parent's.
    bool is_changed() const;
    enum class Which { changed, all };
    std::vector<SetPlan> plans(Which which = Which::changed);

private:
    const store::ChunkList& chunks(const SetName& name);
    const std::vector<store::Record>& load(const store::ChunkReference& chunk);
    std::optional<store::Record> find_in_parent(const SetName& name, const std::string& key);
    // The parent's records, with the edits applied, of those chunks that may hold keys in [from, to).
    std::vector<store::Record> range(const SetName& name, const std::string& from, const std::string& to);

    const store::GenerationReader* parent_;
    std::map<SetName, Edits> edits_;
    std::map<SetName, store::ChunkList> lists_;
    std::map<std::string, std::vector<store::Record>> loaded_;  // by the chunk's digest
};

}  // namespace repotool::publisher
