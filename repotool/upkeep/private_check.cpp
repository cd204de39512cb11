// SPDX-License-Identifier: GPL-3.0-or-later
#include "repotool/upkeep/private_check.hpp"

#include <fmt/format.h>

#include "core/base/checksum.hpp"
#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/fs/tree.hpp"
#include "core/store/layout.hpp"
#include "core/store/live_names.hpp"
#include "core/store/purge_list.hpp"
#include "core/store/recovery.hpp"
#include "core/store/roster.hpp"
#include "core/store/text_map.hpp"
#include "repotool/policy/evidence_log.hpp"

namespace repotool::publisher {
namespace {

namespace layout = store::layout;

bool is_digest(const std::string& text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

std::vector<MendableFinding> PrivateCheck::run() {
    check_transactions();
    check_lists();
    check_evidence();
    attempt("private/text", [&] { check_texts(); });
    attempt("private/objects", [&] { check_objects(); });
    return std::move(findings_);
}

void PrivateCheck::find(const std::string& path, const std::string& problem, std::function<void()> mend) {
    const auto state = mend ? RepairState::possible : RepairState::none;
    findings_.push_back({{"", path, problem, state}, std::move(mend)});
}

void PrivateCheck::attempt(const std::string& path, const std::function<void()>& check) {
    try {
        check();
    } catch (const base::Error& error) {
        if (error.kind() == base::ErrorKind::internal) throw;
        find(error.object().empty() ? path : error.object(), error.reason());
    }
}

void PrivateCheck::check_transactions() {
    const auto count = store::count_transactions(site_);
    if (count.dead == 0) return;
    // With --repair they were ended before anything else was looked at; these are newer, or could not be.
    findings_.push_back(
        {{"", layout::kTransactions,
          fmt::format("{} of commands that were killed", base::counted(count.dead, "transaction")),
          RepairState::possible},
         {}});
}

void PrivateCheck::check_evidence() {
    for (const auto& repository : repositories_with_evidence(filesystem_))
        attempt(layout::evidence_directory(repository), [&] { EvidenceLog(filesystem_, repository).read(); });
}

void PrivateCheck::check_lists() {
    for (const char* directory : {layout::kTrash, layout::kCondemned}) {
        for (const auto& name : filesystem_.list(directory)) {
            const std::string path = fs::join_path(directory, name);
            const auto waste = store::parse_waste(name);
            if (!waste) {
                find(path, "its name is not one that gc gives");
            } else if (directory == layout::kCondemned) {
                attempt(path, [&] { store::read_condemned(filesystem_, *waste); });
            }
        }
    }
    attempt(layout::kPurgeList, [&] {
        const store::PurgeList list(filesystem_);
        for (const auto& entry : list.entries()) {
            if (!entry.finished)
                find(layout::kPurgeList,
                     fmt::format("the purge of {} did not come to its end; repotool gc ends it",
                                 entry.name.empty() ? entry.sha256 : entry.name));
        }
    });
}

// A cache: what is wrong there is made anew by whoever needs it.
void PrivateCheck::check_texts() {
    fs::walk(filesystem_, layout::kTexts, [&](const std::string& path, const fs::Status& status) {
        if (status.kind != fs::Kind::file || path.ends_with(".pack")) return;
        const auto remove = [this, path] { filesystem_.remove(path); };
        try {
            check_text(path);
        } catch (const base::Error& error) {
            if (!filesystem_.status(path)) return;  // a publisher has dropped it meanwhile
            if (error.kind() != base::ErrorKind::integrity) throw;
            find(path, error.reason(), remove);
        }
    });
}

// Each part of the text is in its pack.
void PrivateCheck::check_text(const std::string& path) {
    const store::TextMap map = store::parse_text_map(fs::read_file(filesystem_, path));
    std::vector<std::unique_ptr<fs::File>> packs;
    for (const auto& name : map.packs) {
        const std::string pack = fs::join_path(fs::parent_path(path), name);
        if (!filesystem_.status(pack))
            throw base::Error(base::ErrorKind::integrity, "read", path,
                              "it needs '" + name + "', which is not there");
        packs.push_back(filesystem_.open_read(pack));
    }
    for (const auto& part : map.parts) {
        if (part.length == 0) continue;
        auto& pack = *packs.at(part.pack);
        std::string text;
        if (part.offset + part.length <= pack.status().size) {
            text.resize(part.length);
            text.resize(pack.read_at(text, part.offset));
        }
        if (base::checksum64(text) != part.checksum)
            throw base::Error(base::ErrorKind::integrity, "read", path,
                              "'" + map.packs[part.pack] + "' does not hold what it says");
    }
}

void PrivateCheck::check_objects() {
    constexpr const char* kObjects = "private/objects/sha256";
    std::set<std::string> surplus;
    for (const auto& part : filesystem_.list(kObjects)) {
        const std::string directory = fs::join_path(kObjects, part);
        for (const auto& name : filesystem_.list(directory)) {
            const std::string path = fs::join_path(directory, name);
            if (!is_digest(name) || path != layout::object(name)) {
                find(path, "its name is no digest");
            } else if (!packages_.contains(name)) {  // the others were looked at with their repositories
                if (const auto fault = proof_.fault(path, name); !fault.empty()) find(path, fault);
                surplus.insert(name);
            }
        }
    }
    // Pins before generations: a publish whose pins are gone has flipped, and its generation shows it.
    for (const auto& digest : pinned_digests()) surplus.erase(digest);
    if (!surplus.empty()) drop_named(surplus);
    for (const auto& digest : surplus) {
        find(layout::object(digest), "nothing names it", [this, digest] {
            // gc proves once more that nobody needs it.
            const std::string list = fs::join_path(layout::kOrphans, "fsck-" + digest);
            fs::replace_file(filesystem_, list, digest + "\n", 0600);
        });
    }
}

std::set<std::string> PrivateCheck::pinned_digests() {
    std::set<std::string> pinned;
    const auto add_lines = [&](const std::string& path) {
        if (!filesystem_.status(path)) return;
        for (const auto& line : base::split(fs::read_file(filesystem_, path), '\n')) pinned.insert(line);
    };
    for (const auto& name : filesystem_.list(layout::kTransactions))
        add_lines(fs::join_path(layout::kTransactions, name) + "/pins");
    for (const auto& name : filesystem_.list(layout::kOrphans))
        add_lines(fs::join_path(layout::kOrphans, name));
    for (const auto& waste : store::list_waste(filesystem_, layout::kCondemned, "")) {
        for (const auto& [path, file] : store::read_condemned(filesystem_, waste)) pinned.insert(file.sha256);
    }
    return pinned;
}

// Those of generations in gen/, and of those in the trash whose package names are not condemned yet.
void PrivateCheck::drop_named(std::set<std::string>& surplus) {
    const auto keep = [&](const store::Record& record) {
        surplus.erase(record.sha256);
        for (const auto& file : record.files) surplus.erase(file.sha256);
    };
    for (const auto& repository : store::known_repositories(filesystem_)) {
        store::LiveNames live(filesystem_, repository);
        live.refresh();
        live.visit_all(0, keep);
        for (const auto& waste : store::list_waste(filesystem_, layout::kTrash, repository)) {
            const auto names =
                store::read_generation_names(filesystem_, fs::join_path(layout::kTrash, waste.name()),
                                             repository, store::Missing::is_gone);
            for (const auto& list : names.package_lists) {
                for (const auto& chunk :
                     store::read_chunk_list(filesystem_, repository, list, store::Missing::is_gone)) {
                    for (const auto& record :
                         store::read_chunk(filesystem_, repository, chunk.sha256, store::Missing::is_gone))
                        keep(record);
                }
            }
        }
    }
}

}  // namespace repotool::publisher
