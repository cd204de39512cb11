// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/index_staging.hpp"

#include <algorithm>

#include "core/base/digest.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/layout.hpp"

namespace repotool::publisher {

IndexWriterOptions writer_options(formats::Format format, const BuildContext& context) {
    const bool deb = format == formats::Format::deb;
    IndexWriterOptions options{
        context.filesystem, [&context] { return context.transaction.fresh_path(); },
        context.metadata.compress,
        deb && context.metadata.sha512 ? IndexDigests::sha256_and_sha512 : IndexDigests::sha256};
    if (!deb) options.compressions.resize(1);  // repomd names one file for each type
    return options;
}

store::ContentReference stage_part(const BuildContext& context, const std::string& text) {
    const store::ContentReference reference{base::sha256_hex(text), text.size()};
    context.transaction.add_content_bytes(store::layout::tree_part(context.repository, reference.sha256),
                                          text, context.date);
    return reference;
}

void stage_index_files(const SetPlan& plan, const BuildContext& context, const std::vector<IndexFile>& files,
                       store::SetEntry& entry) {
    for (const auto& file : files) {
        entry.indexes.push_back(file.entry);
        if (file.entry.compression == "none") {
            context.transaction.add_text(file.staged_path, file.entry.sha256);
        } else {
            context.transaction.add_content(file.staged_path, store::layout::meta(context.repository) + "/" +
                                                                  store::index_path(entry, file.entry));
        }
    }
    if (plan.parent == nullptr) return;
    for (const auto& index : plan.parent->indexes) {
        const bool stays = std::any_of(entry.indexes.begin(), entry.indexes.end(),
                                       [&](const auto& other) { return other.sha256 == index.sha256; });
        if (index.compression == "none" && !stays) context.transaction.drop_text(index.sha256);
    }
}

}  // namespace repotool::publisher
