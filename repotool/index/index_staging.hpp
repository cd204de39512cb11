// SPDX-License-Identifier: GPL-3.0-or-later
// How what was built joins the transaction; private to the index builder.
#pragma once

#include <string>
#include <vector>

#include "core/base/log.hpp"
#include "repotool/index/index_builder.hpp"
#include "repotool/index/index_writer.hpp"

namespace repotool::publisher {

IndexWriterOptions writer_options(formats::Format format, const BuildContext& context);

// A manifest part.
store::ContentReference stage_part(const BuildContext& context, const std::string& text);

// Adds the files of these indexes to the transaction and to `entry`.
void stage_index_files(const BuildContext& context, const std::vector<WrittenIndex>& indexes,
                       store::SetEntry& entry);

// What the text cache gets, and what leaves it because no set of the new generation needs it.
void exchange_texts(const BuildContext& context, const std::vector<BuiltSet>& built);

// What `build` makes, with the cached texts or, where they turn out to be damaged, without.
template <typename Build>
auto with_text_cache(const Build& build) {
    try {
        return build(TextCache::use);
    } catch (const DamagedText& damage) {
        base::warn(std::string(damage.what()) + "; it is unpacked from the published index again");
    }
    return build(TextCache::unpack_again);
}

}  // namespace repotool::publisher
