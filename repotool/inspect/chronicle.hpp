// SPDX-License-Identifier: GPL-3.0-or-later
// What changed a repository, newest first. From its history (docs/FORMAT.md §9), whose chain is checked while
// it is read; for readers who may not see private/, from the manifests of the generations that are still
// public: those tell what and when, not who and why. Takes no lock.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/fs/filesystem.hpp"
#include "core/store/history.hpp"

namespace repotool::publisher {

enum class ChronicleSource { history, manifests };

struct Chronicle {
    std::string repository;
    ChronicleSource source = ChronicleSource::history;
    std::optional<std::uint64_t> current;  // generation; empty: the repository is gone
    // Newest first. From manifests: no operation, user, host, job and meta; no changes where the parent's
    // generation is gone.
    std::vector<store::HistoryRecord> records;
};

// Throws base::Error: usage where there is no such repository and never was, with the nearest name; integrity
// where the chain is broken, ends before what is published, or does not fit the manifests that are there.
Chronicle read_chronicle(fs::Filesystem& filesystem, const std::string& repository);

// Repositories that are there or have a history, sorted.
std::vector<std::string> list_known_repositories(fs::Filesystem& filesystem);

}  // namespace repotool::publisher
