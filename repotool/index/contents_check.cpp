// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/index/contents_check.hpp"

#include <fmt/format.h>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "repotool/index/contents_lines.hpp"

namespace repotool::publisher {
namespace {

[[noreturn]] void damaged(std::string reason) {
    throw base::Error(base::ErrorKind::integrity, "verify", "Contents", std::move(reason));
}

}  // namespace

void check_contents_text(const std::string& text, const store::ChunkReference& reference) {
    if (base::sha256_hex(text) != reference.sha256)
        damaged(
            fmt::format("expected lines with digest {}, found {}", reference.sha256, base::sha256_hex(text)));
    const auto lines = read_contents(text);
    if (lines.size() != reference.records || lines.empty() || lines.front().path != reference.first_key)
        damaged(fmt::format("expected {} lines from '{}' on, found {}", reference.records,
                            reference.first_key, lines.size()));
    for (std::size_t i = 1; i < lines.size(); ++i) {
        if (lines[i - 1].path >= lines[i].path) damaged(fmt::format("'{}' is out of order", lines[i].path));
    }
}

void check_contents_packages(const std::string& text, const std::set<std::string>& names) {
    for (const auto& line : read_contents(text)) {
        for (const auto package : line.packages) {
            const std::string name(package.substr(package.rfind('/') + 1));
            if (!names.contains(name))
                damaged(fmt::format("'{}' is in {}, which is none of the packages", line.path, name));
        }
    }
}

}  // namespace repotool::publisher
