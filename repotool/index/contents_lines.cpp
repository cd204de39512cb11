// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/contents_lines.hpp"

#include <zlib.h>

#include <algorithm>
#include <set>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/text.hpp"

namespace repotool::publisher {
namespace {

constexpr unsigned long kBoundaryDivisor = 1024;  // mean number of lines in a chunk
constexpr std::uint64_t kMostLines = 8192;

bool ends_chunk(std::string_view path) {
    return crc32_z(0, reinterpret_cast<const Bytef*>(path.data()), path.size()) % kBoundaryDivisor == 0;
}

[[noreturn]] void damaged(std::string_view line) {
    throw base::Error(base::ErrorKind::integrity, "read", "Contents",
                      "'" + base::printable(std::string(line.substr(0, 200))) + "' is no line that we write");
}

// Collects lines and cuts them into chunks.
class LineCutter {
public:
    explicit LineCutter(ContentsSink& sink) : sink_(sink) {}

    bool is_at_boundary() const { return lines_ == 0; }
    void add(std::string_view path, const std::set<std::string_view>& packages) {
        if (packages.empty()) return;
        if (lines_ == 0) first_path_ = path;
        text_ += path;
        char separator = ' ';
        for (const auto package : packages) {
            text_ += separator;
            text_ += package;
            separator = ',';
        }
        text_ += '\n';
        if (++lines_ == kMostLines || ends_chunk(path)) cut();
    }
    void cut() {
        if (lines_ == 0) return;
        sink_.write_chunk({base::sha256_hex(text_), lines_, first_path_, {}}, text_);
        text_.clear();
        lines_ = 0;
    }

private:
    ContentsSink& sink_;
    std::string text_;
    std::string first_path_;
    std::uint64_t lines_ = 0;
};

using Edits = std::span<const ContentsEdit>;

// Takes the edits of the first path off `edits`.
void apply_first_path(Edits& edits, std::set<std::string_view>& packages) {
    const std::string_view path = edits.front().path;
    for (; !edits.empty() && edits.front().path == path; edits = edits.subspan(1)) {
        if (edits.front().change == ContentsChange::add) {
            packages.insert(edits.front().package);
        } else {
            packages.erase(edits.front().package);
        }
    }
}

void add_new_paths(LineCutter& cutter, Edits& edits, const std::function<bool(std::string_view)>& is_before) {
    while (!edits.empty() && is_before(edits.front().path)) {
        const std::string_view path = edits.front().path;
        std::set<std::string_view> packages;
        apply_first_path(edits, packages);
        cutter.add(path, packages);
    }
}

void merge(LineCutter& cutter, const std::vector<ContentsLine>& lines, Edits edits) {
    for (const auto& line : lines) {
        add_new_paths(cutter, edits, [&](std::string_view path) { return path < line.path; });
        std::set<std::string_view> packages(line.packages.begin(), line.packages.end());
        if (!edits.empty() && edits.front().path == line.path) apply_first_path(edits, packages);
        cutter.add(line.path, packages);
    }
    add_new_paths(cutter, edits, [](std::string_view) { return true; });
}

// The edits that belong to a chunk, off the front of `edits`: those below the next chunk's first path.
Edits take_edits(Edits& edits, const store::ChunkList& parent, std::size_t chunk) {
    auto end = edits.end();
    if (chunk + 1 < parent.size()) {
        end = std::lower_bound(
            edits.begin(), edits.end(), std::string_view(parent[chunk + 1].first_key),
            [](const ContentsEdit& edit, std::string_view path) { return edit.path < path; });
    }
    const auto count = static_cast<std::size_t>(end - edits.begin());
    const Edits taken = edits.first(count);
    edits = edits.subspan(count);
    return taken;
}

}  // namespace

std::vector<ContentsLine> read_contents(std::string_view text) {
    std::vector<ContentsLine> lines;
    while (!text.empty()) {
        const auto end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        const auto space = line.rfind(' ');
        if (end == std::string_view::npos || space == std::string_view::npos || space == 0) damaged(line);
        ContentsLine parsed{line.substr(0, space), {}};
        for (std::string_view rest = line.substr(space + 1); !rest.empty();) {
            const auto comma = std::min(rest.find(','), rest.size());
            parsed.packages.push_back(rest.substr(0, comma));
            rest.remove_prefix(std::min(comma + 1, rest.size()));
        }
        if (parsed.packages.empty()) damaged(line);
        lines.push_back(std::move(parsed));
        text.remove_prefix(end + 1);
    }
    return lines;
}

void edit_contents(const store::ChunkList& parent, std::span<const ContentsEdit> edits,
                   const std::function<std::string(std::size_t)>& load, ContentsSink& sink) {
    LineCutter cutter(sink);
    if (parent.empty()) merge(cutter, {}, edits);
    for (std::size_t i = 0; i < parent.size(); ++i) {
        const Edits here = take_edits(edits, parent, i);
        // A chunk stays as it is when nothing reaches it and the one before ended where it ended in the
        // parent.
        if (here.empty() && cutter.is_at_boundary()) {
            sink.copy_chunk(i);
            continue;
        }
        const std::string text = load(i);
        merge(cutter, read_contents(text), here);
    }
    cutter.cut();
}

}  // namespace repotool::publisher
