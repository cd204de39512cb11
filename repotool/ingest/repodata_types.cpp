// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/ingest/repodata_types.hpp"

#include <fmt/format.h>

#include "core/base/log.hpp"
#include "core/base/text.hpp"
#include "core/base/worker.hpp"
#include "core/formats/rpm/extra_metadata.hpp"
#include "core/formats/rpm/primary_reader.hpp"
#include "core/fs/external.hpp"
#include "core/fs/tree.hpp"

namespace repotool::publisher {
namespace {

constexpr std::uint64_t kLargestRepomd = std::uint64_t{1} << 20U;

// Differences to packages that stay behind.
bool is_carried(const std::string& type) {
    return formats::rpm::is_extra_type(type) && type != "prestodelta" && type != "deltainfo";
}

// "type LF name LF" of each record.
std::string read_types(const std::string& text) {
    std::string answer;
    for (const auto& record : formats::rpm::read_repomd(text).records) {
        if (is_carried(record.type)) answer += record.type + "\n" + fs::base_name(record.location) + "\n";
    }
    return answer;
}

}  // namespace

std::optional<std::map<std::string, std::string>> repodata_types(const std::string& directory) {
    const std::string path = fs::join_path(directory, "repomd.xml");
    const auto status = fs::external_status(path, fs::FinalSymlink::keep);
    if (!status || status->kind != fs::Kind::file) return std::nullopt;
    const std::string text = fs::read_all(*fs::open_external(path), path, kLargestRepomd);
    std::optional<std::map<std::string, std::string>> types;
    base::run_in_workers(
        1, 1, [&](std::size_t) { return read_types(text); },
        [&](std::size_t, base::WorkerAnswer answer) {
            if (!answer.bytes)
                return base::warn(fmt::format("'{}' is not used: {}", base::printable(path), answer.failure));
            const auto words = base::split(*answer.bytes, '\n');
            types.emplace();
            for (std::size_t i = 0; i + 1 < words.size(); i += 2) types->emplace(words[i + 1], words[i]);
        });
    return types;
}

}  // namespace repotool::publisher
