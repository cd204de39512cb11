// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/extras.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/formats/rpm/extra_metadata.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_tree.hpp"
#include "core/store/layout.hpp"

namespace repotool::publisher {
namespace {

using formats::Compression;

// Readers of the types that are known unpack them; of others they may not, and those stay as they are.
bool is_packed_type(const std::string& type) {
    return formats::rpm::is_merged_type(type);
}

std::string file_name(const std::string& type, const MetadataConfig& metadata) {
    const std::string name = formats::rpm::canonical_file_name(type);
    if (!is_packed_type(type)) return name;
    return name + store::layout::compression_suffix(formats::compression_name(metadata.compress.front()));
}

store::ExtraEntry stage_extra(const std::string& type, const std::string& text, const SetPlan& plan,
                              const BuildContext& context) {
    const std::string bytes =
        is_packed_type(type) ? formats::pack_file(context.metadata.compress.front(), text) : text;
    store::ExtraEntry entry{type,
                            file_name(type, context.metadata),
                            base::sha256_hex(bytes),
                            bytes.size(),
                            base::sha256_hex(text),
                            text.size()};
    const std::string path = store::extra_path(plan.dist, plan.architecture, entry);
    context.transaction.add_content_bytes(store::layout::meta(context.repository) + "/" + path, bytes,
                                          context.date);
    return entry;
}

std::string parent_text(const store::ExtraEntry& extra, const SetPlan& plan, const BuildContext& context) {
    const std::string path = store::layout::meta(context.repository) + "/" +
                             store::extra_path(plan.dist, plan.architecture, extra);
    return read_extra_text(context.filesystem, context.parent->path_of(path), extra);
}

Compression compression_of(const store::ExtraEntry& extra) {
    const auto dot = extra.name.rfind('.');
    return formats::parse_compression(dot == std::string::npos ? "" : extra.name.substr(dot + 1));
}

}  // namespace

std::vector<store::ExtraEntry> build_extras(const SetPlan& plan, const BuildContext& context) {
    std::map<std::string, const store::ExtraEntry*> before;
    if (plan.parent != nullptr && plan.parent_extras == ParentExtras::keep) {
        for (const auto& extra : plan.parent->extras) before[extra.type] = &extra;
    }
    std::map<std::string, std::string> texts;  // of those that change
    for (const auto& [type, extra] : before) {
        if (has_other_form(*extra, context.metadata)) texts[type] = parent_text(*extra, plan, context);
    }
    for (const auto* extra : plan.extras) {
        const auto old = before.find(extra->type);
        if (!texts.contains(extra->type))
            texts[extra->type] = old == before.end() ? "" : parent_text(*old->second, plan, context);
        std::string& text = texts[extra->type];
        text = formats::rpm::merge_extra(extra->type, text, extra->text);
    }
    std::vector<store::ExtraEntry> entries;
    for (const auto& [type, text] : texts) entries.push_back(stage_extra(type, text, plan, context));
    for (const auto& [type, extra] : before) {
        if (!texts.contains(type)) entries.push_back(*extra);
    }
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.type < b.type; });
    return entries;
}

std::string read_extra_text(fs::Filesystem& filesystem, const std::string& path,
                            const store::ExtraEntry& extra) {
    const std::string bytes = fs::read_file(filesystem, path);
    const auto demand_digest = [&](const std::string& what, const std::string& sha256) {
        if (base::sha256_hex(what) == sha256) return;
        throw base::Error(base::ErrorKind::integrity, "read", path,
                          fmt::format("expected digest {}, found {}", sha256, base::sha256_hex(what)));
    };
    demand_digest(bytes, extra.sha256);
    if (extra.sha256 == extra.open_sha256) return bytes;
    std::string text = formats::unpack_file(compression_of(extra), bytes, extra.open_size);
    demand_digest(text, extra.open_sha256);
    return text;
}

bool has_other_form(const store::ExtraEntry& extra, const MetadataConfig& metadata) {
    return extra.name != file_name(extra.type, metadata);
}

}  // namespace repotool::publisher
