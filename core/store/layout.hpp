// SPDX-License-Identifier: GPL-3.0-or-later
// Where everything is below a site (docs/FORMAT.md §2 to §6). Paths are relative to the site, but for the
// *_below_public ones.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace repotool::store::layout {

std::string object(std::string_view sha256);                  // private/objects/sha256/ab/…
std::string text_directory(std::string_view repository);      // private/text/…
std::string history_directory(std::string_view repository);   // private/history/…
std::string repository_lock(std::string_view repository);     // private/locks/….lock
std::string freeze(std::string_view repository);              // private/frozen/…
std::string evidence_directory(std::string_view repository);  // private/evidence/…
inline constexpr const char* kEvidence = "private/evidence";
inline constexpr const char* kEvidenceLock = "private/locks/_evidence";
inline constexpr const char* kTransactionLock = "private/locks/_txn";
inline constexpr const char* kCollectorLock = "private/locks/_gc";
inline constexpr const char* kPurgeLock = "private/locks/_purge";
inline constexpr const char* kPurgeList = "private/purged.log";
inline constexpr const char* kCollectingLock = "private/locks/_collecting";
inline constexpr const char* kTrash = "private/trash";
inline constexpr const char* kTexts = "private/text";
inline constexpr const char* kCondemned = "private/condemned";
inline constexpr const char* kOrphans = "private/orphans";
inline constexpr const char* kReserve = "private/reserve";
inline constexpr const char* kTransactions = "private/txn";
inline constexpr const char* kRecordCache = "private/records.db";

// Below public/ (a mirror's root is the same tree).
std::string head(std::string_view repository);  // stable
std::string head_target(std::string_view repository,
                        std::uint64_t generation);                          // gen/stable/42 with ../ in front
std::string generations(std::string_view repository);                       // gen/stable
std::string generation(std::string_view repository, std::uint64_t number);  // gen/stable/42
std::string pool(std::string_view repository);                              // pool/stable
std::string meta(std::string_view repository);                              // meta/stable
std::string tree_part(std::string_view repository, std::string_view sha256);  // meta/stable/tree/ab/…
// Stands in the place of an architecture for the translations of a component.
inline constexpr const char* kTranslations = "i18n";
// dists/<dist>/<component>/ and then binary-<arch>, source, debian-installer/binary-<arch> or i18n.
std::string apt_index_directory(std::string_view dist, std::string_view component,
                                std::string_view architecture);
std::string rpm_directory(std::string_view dist, std::string_view architecture);  // rpm/el9/x86_64
std::string pin_directory(std::string_view dist, std::string_view architecture);  // pin/el9/x86_64

// File name suffix of a compression: "", ".gz", ".zst".
std::string compression_suffix(std::string_view compression);
// Name of an index file in repodata of RPM.
std::string rpm_index_name(std::string_view index, std::string_view compression,
                           std::string_view sha256);  // <sha>-primary.xml.gz

}  // namespace repotool::store::layout
