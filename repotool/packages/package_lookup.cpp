// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/packages/package_lookup.hpp"

#include <algorithm>
#include <set>

#include "core/base/text.hpp"

namespace repotool::publisher {
namespace {

// The chunks that may hold keys which begin with `name LF` (docs/FORMAT.md §5.1).
store::ChunkList chunks_with(const store::ChunkList& list, const std::string& name) {
    const std::string first = name + "\n";
    const std::string behind = name + "\x0b";  // LF + 1
    store::ChunkList chosen;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const bool begins_before = list[i].first_key < behind;
        const bool ends_after = i + 1 == list.size() || list[i + 1].first_key >= first;
        if (begins_before && ends_after) chosen.push_back(list[i]);
    }
    return chosen;
}

}  // namespace

bool PackageQuery::is_digest() const {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

bool PackageQuery::matches(const std::string& name, const std::string& sha256,
                           const std::string& unsigned_sha256) const {
    return name == text || (is_digest() && (sha256 == text || unsigned_sha256 == text));
}

void for_each_match(const store::GenerationReader& reader, const PackageQuery& query,
                    const PackageVisitor& visit) {
    for (const auto& sub_manifest : reader.sub_manifests()) {
        for (const auto& set : sub_manifest.sets) {
            const auto list = reader.chunk_list(set);
            for (const auto& chunk : query.is_digest() ? list : chunks_with(list, query.text)) {
                for (const auto& record : reader.records(chunk)) {
                    if (query.matches(record.name, record.sha256, record.unsigned_sha256))
                        visit(sub_manifest, set, record);
                }
            }
        }
    }
}

std::string nearest_package(const store::GenerationReader& reader, const std::string& name) {
    std::set<std::string> names;
    for (const auto& sub_manifest : reader.sub_manifests()) {
        for (const auto& set : sub_manifest.sets)
            reader.for_each_record(set, [&](const store::Record& record) { names.insert(record.name); });
    }
    return base::nearest(name, {names.begin(), names.end()});
}

}  // namespace repotool::publisher
