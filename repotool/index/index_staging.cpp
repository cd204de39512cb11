// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/index_staging.hpp"

#include <algorithm>
#include <set>

#include "core/base/digest.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/layout.hpp"

namespace repotool::publisher {

namespace {

bool is_built(const std::vector<BuiltSet>& built, const std::string& format, const store::SetEntry& set) {
    return std::any_of(built.begin(), built.end(), [&](const BuiltSet& other) {
        return formats::format_name(other.plan.format) == format && other.entry.dist == set.dist &&
               other.entry.component == set.component && other.entry.architecture == set.architecture;
    });
}

// Texts of sets that stay as they are: a set that changes may have had the same one.
std::set<std::string> other_texts(const BuildContext& context, const std::vector<BuiltSet>& built) {
    std::set<std::string> texts;
    if (context.parent == nullptr) return texts;
    for (const auto& sub_manifest : context.parent->sub_manifests()) {
        for (const auto* set : sub_manifest.all_sets()) {
            if (is_built(built, sub_manifest.format, *set)) continue;
            for (const auto& index : set->indexes) {
                if (index.compression == "none") texts.insert(index.sha256);
            }
        }
    }
    return texts;
}

}  // namespace

IndexWriterOptions writer_options(formats::Format format, const BuildContext& context) {
    const bool deb = format == formats::Format::deb;
    IndexWriterOptions options{
        context.filesystem, [&context] { return context.transaction.fresh_path(); },
        context.metadata.compress,
        deb && context.metadata.sha512 ? base::ShaDigests::sha256_and_sha512 : base::ShaDigests::sha256};
    if (!deb) options.compressions.resize(1);  // repomd names one file for each type
    return options;
}

store::ContentReference stage_part(const BuildContext& context, const std::string& text) {
    const store::ContentReference reference{base::sha256_hex(text), text.size()};
    context.transaction.add_content_bytes(store::layout::tree_part(context.repository, reference.sha256),
                                          text, context.date);
    return reference;
}

void stage_index_files(const BuildContext& context, const std::vector<WrittenIndex>& indexes,
                       store::SetEntry& entry) {
    for (const auto& index : indexes) {
        for (const auto& file : index.files) {
            entry.indexes.push_back(file.entry);
            if (file.staged_path.empty()) continue;
            context.transaction.add_content(
                file.staged_path,
                store::layout::meta(context.repository) + "/" + store::index_path(entry, file.entry),
                store::ContentProof::read_back);
        }
    }
}

void exchange_texts(const BuildContext& context, const std::vector<BuiltSet>& built) {
    const std::set<std::string> others = other_texts(context, built);
    for (const auto& set : built) {
        for (const auto& update : set.texts) {
            for (const auto& text : update.staged) context.transaction.add_text(text.path, text.name);
            for (const auto& name : update.kept) context.transaction.keep_text(name);
            for (const auto& name : update.before) {
                if (others.contains(update.parent))
                    context.transaction.keep_text(name);
                else
                    context.transaction.drop_text(name);
            }
        }
    }
}

}  // namespace repotool::publisher
