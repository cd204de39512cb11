// SPDX-License-Identifier: GPL-3.0-or-later
// Which packages are those of an update's builds, told by the source package that they were built from, and
// which dist of the repository each of them goes to.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/fs/filesystem.hpp"
#include "repotool/ingest/identities.hpp"
#include "repotool/ingest/ingest.hpp"
#include "repotool/publish/publish.hpp"
#include "repotool/updates/report.hpp"

namespace repotool::publisher {

class UpdateSelection {
public:
    // All outlive this object.
    UpdateSelection(fs::Filesystem& filesystem, const Config& config, const PublishRequest& request)
        : filesystem_(filesystem), config_(config), request_(request) {}

    // Throws base::Error (input) for builds that have no package, (usage) where no dist takes a combination;
    // in each case all such builds are told.
    void run(const std::vector<Ingested>& ingested);

    // Dists that updates put the package with this place in `ingested` into; none: it belongs to no update.
    const std::vector<std::string>& dists_of(std::size_t place) const { return dists_.at(place); }
    // Packages that updates take from repositories, placed.
    const std::vector<Candidate>& taken() const noexcept { return taken_; }
    std::vector<UpdateReport>& reports() noexcept { return reports_; }

private:
    BuildReport select(const FoundUpdate& found, const Build& build, const std::vector<Ingested>& ingested);
    void take(const std::string& repository, const Build& build, BuildReport& report);
    // The dist's name.
    std::string target(const Build& build, formats::Format format) const;
    [[noreturn]] void refuse_missing(const FoundUpdate& found, const Build& build) const;
    void put_index(const std::vector<Ingested>& ingested);

    fs::Filesystem& filesystem_;
    const Config& config_;
    const PublishRequest& request_;
    Identities identities_;
    std::map<std::string, std::vector<std::size_t>> by_id_;  // → places in `ingested`
    std::vector<std::vector<std::string>> dists_;
    std::vector<Candidate> taken_;
    std::vector<UpdateReport> reports_;
};

}  // namespace repotool::publisher
