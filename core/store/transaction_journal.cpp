// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/transaction_journal.hpp"

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/fs/tree.hpp"
#include "core/store/line_log.hpp"

namespace repotool::store {
using nlohmann::json;

std::string journal_begin(const std::string& repository, const std::string& operation) {
    return json{{"state", "begin"}, {"repository", repository}, {"operation", operation}}.dump();
}

std::string journal_content(const std::vector<std::string>& names) {
    return json{{"state", "content"}, {"names", names}}.dump();
}

std::string journal_claim(const TransactionJournal::Claim& claim) {
    return json{{"state", "claim"},
                {"generation", claim.generation},
                {"parent", claim.parent},
                {"manifest", claim.manifest_sha256},
                {"history", claim.history_record}}
        .dump();
}

std::string journal_state(const char* state) {
    return json{{"state", state}}.dump();
}

std::optional<TransactionJournal> read_journal(fs::Filesystem& filesystem,
                                               const std::string& transaction_path) {
    const std::string path = transaction_path + "/journal";
    if (!filesystem.status(path)) return std::nullopt;
    const LineLog log = parse_line_log(fs::read_file(filesystem, path), path);
    if (log.lines.empty()) return std::nullopt;
    TransactionJournal journal;
    journal.is_torn = log.is_torn;
    try {
        for (const auto& line : log.lines) {
            const json document = json::parse(line);
            const std::string state = document.at("state").get<std::string>();
            if (state == "begin") {
                document.at("repository").get_to(journal.repository);
                document.at("operation").get_to(journal.operation);
            } else if (state == "content") {
                document.at("names").get_to(journal.content);
                journal.has_content = true;
            } else if (state == "claim") {
                journal.claim = TransactionJournal::Claim{document.at("generation").get<std::uint64_t>(),
                                                          document.at("parent").get<std::uint64_t>(),
                                                          document.at("manifest").get<std::string>(),
                                                          document.at("history").get<std::string>()};
            }
        }
    } catch (const json::exception& error) {
        throw base::Error(base::ErrorKind::integrity, "read", path, error.what());
    }
    return journal;
}

}  // namespace repotool::store
