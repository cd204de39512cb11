// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/live_names.hpp"

#include <algorithm>

#include "core/base/checksum.hpp"
#include "core/base/error.hpp"
#include "core/store/layout.hpp"
#include "core/store/roster.hpp"

namespace repotool::store {

void LiveNames::refresh() {
    for (const auto generation : list_generations(filesystem_, "public", repository_)) {
        if (read_.contains(generation) || leaving_.contains(generation)) continue;
        try {
            add(generation);
        } catch (const base::Error&) {
            // A claim that its publisher, or a recovery, took back while we were reading.
            if (is_there(generation)) throw;
            continue;
        }
        read_.insert(generation);
    }
}

bool LiveNames::is_there(std::uint64_t generation) const {
    return filesystem_.status("public/" + layout::generation(repository_, generation)).has_value();
}

void LiveNames::add(std::uint64_t generation) {
    const auto names =
        read_generation_names(filesystem_, "public/" + layout::generation(repository_, generation),
                              repository_, Missing::is_damage);
    for (const auto* files : {&names.indexes, &names.parts, &names.roots}) {
        for (const auto& file : *files) files_.insert(file.path);
    }
    for (const auto* lists : {&names.package_lists, &names.other_lists}) {
        for (const auto& list : *lists) {
            if (known_lists_.contains(list)) continue;
            for (const auto& chunk : read_chunk_list(filesystem_, repository_, list, Missing::is_damage))
                files_.insert(layout::tree_part(repository_, chunk.sha256));
            known_lists_.insert(list);
            if (lists == &names.package_lists) package_lists_.push_back(list);
        }
    }
}

std::set<std::string> LiveNames::chunks_of(const std::set<std::string>& names, std::size_t from) const {
    std::set<std::string> wanted;
    for (std::size_t i = names.empty() ? package_lists_.size() : from; i < package_lists_.size(); ++i) {
        const ChunkList list =
            read_chunk_list(filesystem_, repository_, package_lists_[i], Missing::is_damage);
        for (auto& chunk : chunks_with_packages(list, names)) wanted.insert(std::move(chunk));
    }
    return wanted;
}

std::size_t LiveNames::visit_packages(const std::set<std::string>& names, std::size_t from,
                                      const std::function<void(const Record&)>& visit) const {
    for (const auto& chunk : chunks_of(names, from)) {
        const std::string text = read_chunk_text(filesystem_, repository_, chunk, Missing::is_damage);
        for_each_line(text, [&](std::string_view line) {
            const std::string name(peek_name(line));
            if (!name.empty() && !names.contains(name)) return;
            for (const auto& record : parse_records(line)) {
                if (names.contains(record.name)) visit(record);
            }
        });
    }
    return package_lists_.size();
}

std::unordered_set<std::uint64_t> LiveNames::lines_of(const std::set<std::string>& names) const {
    std::unordered_set<std::uint64_t> lines;
    for (const auto& chunk : chunks_of(names, 0)) {
        const std::string text = read_chunk_text(filesystem_, repository_, chunk, Missing::is_damage);
        for_each_line(text, [&](std::string_view line) { lines.insert(base::checksum64(line)); });
    }
    return lines;
}

std::size_t LiveNames::visit_all(std::size_t from, const std::function<void(const Record&)>& visit) const {
    std::set<std::string> seen;
    for (std::size_t i = from; i < package_lists_.size(); ++i) {
        for (const auto& reference :
             read_chunk_list(filesystem_, repository_, package_lists_[i], Missing::is_damage)) {
            if (!seen.insert(reference.sha256).second) continue;
            for (const auto& record :
                 read_chunk(filesystem_, repository_, reference.sha256, Missing::is_damage))
                visit(record);
        }
    }
    return package_lists_.size();
}

std::vector<std::string> chunks_with_packages(const ChunkList& list, const std::set<std::string>& names) {
    std::vector<std::string> found;
    std::size_t next = 0;  // names are sorted as the list is: each chunk is taken once
    for (const auto& name : names) {
        // Keys are name LF version LF architecture; LF sorts before every byte that a name may have.
        const std::string first = name + "\n";
        const std::string after = name + "\x0b";
        const auto chunk = find_chunk(list, first);
        if (!chunk) continue;
        for (std::size_t i = std::max(*chunk, next);
             i < list.size() && (i == *chunk || list[i].first_key < after); ++i) {
            found.push_back(list[i].sha256);
            next = i + 1;
        }
    }
    return found;
}

}  // namespace repotool::store
