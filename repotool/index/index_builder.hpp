// SPDX-License-Identifier: GPL-3.0-or-later
// Step 5: the indexes of package sets, as runs copied from the parent's files plus the frames of new
// chunks (I11). One pass over the bytes that are written; nothing unchanged is rendered or compressed again.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/formats/frames.hpp"
#include "core/formats/model.hpp"
#include "core/store/chunks.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/manifest.hpp"
#include "core/store/transaction.hpp"
#include "repotool/config/config.hpp"
#include "repotool/index/index_text.hpp"
#include "repotool/index/text_update.hpp"
#include "repotool/packages/candidate.hpp"
#include "repotool/packages/catalog.hpp"

namespace repotool::publisher {

enum class ParentExtras { keep, drop };

struct SetPlan {
    formats::Format format = formats::Format::deb;
    std::string dist;
    std::string component;
    std::string architecture;
    std::vector<store::ChunkPiece> pieces;
    const store::SetEntry* parent = nullptr;      // the set before, if there was one
    std::vector<const ExtraCandidate*> extras{};  // to merge into the parent's; they outlive the plan
    ParentExtras parent_extras = ParentExtras::keep;
};

struct BuildContext {
    fs::Filesystem& filesystem;
    store::Transaction& transaction;
    const store::GenerationReader* parent;  // of SetPlan::parent; may be null
    std::string repository;
    base::UnixSeconds date;
    MetadataConfig metadata;
    // Makes find_package() start no process for the texts of these.
    std::function<void(formats::Format, const std::vector<store::Record>&)> prepare_packages;
    // The parsed package of a record, with the text of its indexes.
    std::function<formats::Package(formats::Format, const store::Record&, Needs)> find_package;
};

struct BuiltContents {
    store::ContentsEntry entry;
    store::FrameTable frames;
    store::ChunkList lines;
    std::vector<std::size_t> rendered;  // places of the chunks that are not copied; none where all stays
};

struct BuiltSet {
    SetPlan plan;
    Descriptions descriptions = Descriptions::whole;
    store::SetEntry entry;
    store::FrameTable frames;
    store::ChunkList chunks;
    std::vector<std::size_t> rendered;  // places of the chunks whose text is not copied from the parent
    std::optional<BuiltContents> contents;
    std::vector<TextUpdate> texts;
};

// Stages chunks, chunk lists, frame tables and index files in the transaction and returns what the manifest
// says of them: of the plans, of sets of the parent that the settings want in another form (set_form.hpp),
// and of the translations that follow from both.
std::vector<BuiltSet> build_sets(std::vector<SetPlan> plans, const BuildContext& context);

}  // namespace repotool::publisher
