// SPDX-License-Identifier: GPL-3.0-or-later
// Contents-<arch> of APT: one line for each path, `path SP package[,package]…`, sorted by path, cut into
// chunks by the paths themselves (docs/FORMAT.md §5.5), so that an edit renders the chunks that its paths
// fall into and no other.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/store/chunks.hpp"

namespace repotool::publisher {

enum class ContentsChange { add, remove };

// A package that a path gets or loses. `package` is qualified: section/name.
struct ContentsEdit {
    std::string_view path;
    std::string_view package;
    ContentsChange change = ContentsChange::add;
};

// Told what the edited lines are made of, in order.
class ContentsSink {
public:
    virtual ~ContentsSink() = default;
    virtual void copy_chunk(std::size_t parent_index) = 0;
    virtual void write_chunk(const store::ChunkReference& reference, const std::string& text) = 0;
};

// `edits` are sorted by path; what is there already or is not there is left as it is. `load` reads a chunk of
// the parent and is called for those alone that an edit reaches. Throws base::Error (integrity) where a line
// cannot be read.
void edit_contents(const store::ChunkList& parent, std::span<const ContentsEdit> edits,
                   const std::function<std::string(std::size_t)>& load, ContentsSink& sink);

struct ContentsLine {
    std::string_view path;
    std::vector<std::string_view> packages;
};
// Views into `text`, which is whole lines. Throws base::Error (integrity).
std::vector<ContentsLine> read_contents(std::string_view text);

}  // namespace repotool::publisher
