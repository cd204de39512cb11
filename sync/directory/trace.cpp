// SPDX-License-Identifier: GPL-3.0-or-later
#include "sync/directory/trace.hpp"

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/fs/host.hpp"
#include "core/fs/tree.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/head.hpp"

namespace repotool::sync {

void write_trace(fs::Filesystem& mirror, const std::string& name, const TransactionIdentity& identity,
                 base::UnixSeconds time) noexcept {
    if (name.empty()) return;
    try {
        // The fields that ftpsync writes, as far as they say something here.
        std::string text =
            fmt::format("{}\nDate: {}\nDate-Started: {}\nUsed mirrorsync version: {}\n", base::rfc1123(time),
                        base::rfc1123(time), base::rfc1123(time), REPOTOOL_VERSION);
        text += fmt::format("Running on host: {}\nArchive serial: {}\n", fs::host_name(),
                            identity.version.generation);
        for (const auto& repository : store::list_repositories(mirror, "")) {
            if (const auto current = store::make_symlink_head(mirror, "", repository)->current())
                text += fmt::format("Repository: {}@{}\n", repository, *current);
        }
        fs::make_directories(mirror, "project/trace", 0755);
        fs::replace_file(mirror, "project/trace/" + name, text, 0644);
    } catch (const std::exception& error) {
        base::warn(fmt::format("no trace was left: {}", error.what()));
    }
}

}  // namespace repotool::sync
