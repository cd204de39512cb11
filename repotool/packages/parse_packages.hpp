// SPDX-License-Identifier: GPL-3.0-or-later
// Package files are foreign bytes: they are parsed in worker processes (core/base/worker.hpp).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/digest.hpp"
#include "core/base/worker.hpp"
#include "core/formats/model.hpp"

namespace repotool::publisher {

// Whether the list of a .deb's paths is wanted (index "Contents"): all of its data is unpacked for it.
enum class Contents { leave_out, list };

struct ParseJob {
    formats::Format format = formats::Format::deb;
    std::string path;           // readable path of a private copy
    base::FileDigests digests;  // all that its format needs: deb all four, rpm SHA-256
    std::string shown_as;
    // Set for a .dsc: the digests (all four) of the files that it lists, by name.
    std::optional<std::map<std::string, base::FileDigests>> source_files{};
    Contents contents = Contents::leave_out;
};

// What is known of the jobs before the first one.
struct ParserNeeds {
    std::size_t packages = 0;
    bool has_rpm = false;       // maybe
    std::uint64_t largest = 0;  // bytes of the largest package whose contents are listed
};

// Parses what it gets while more is prepared. Its workers start here: make it before threads.
class PackageParser {
public:
    using Collect =
        std::function<void(std::size_t number, std::optional<std::string> body, const std::string& failure)>;
    // `collect`: as in parse_packages().
    PackageParser(const ParserNeeds& needs, Collect collect);
    // Numbered from 0.
    void add(const ParseJob& job) { pool_.add(to_bytes(job)); }
    void finish() { pool_.finish(); }
    base::WorkerPool& pool() noexcept { return pool_; }

private:
    static std::string to_bytes(const ParseJob& job);
    base::WorkerPool pool_;
};

// Hands each answer (formats::to_bytes of the package, or the reason why there is none) to `collect` in
// order.
void parse_packages(const std::vector<ParseJob>& jobs,
                    const std::function<void(std::size_t, std::optional<std::string> body,
                                             const std::string& failure)>& collect);

}  // namespace repotool::publisher
