// SPDX-License-Identifier: GPL-3.0-or-later
// Repositories with real manifest trees, published through the store's transaction at times that the test
// chooses: what gc and its relatives look at.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "core/base/time.hpp"
#include "core/fs/filesystem.hpp"
#include "core/store/site.hpp"

namespace repotool::store::testing {

class FakeClock : public base::Clock {
public:
    base::UnixSeconds now() override { return now_; }
    void sleep_ms(int) override {}
    void advance(std::int64_t seconds) { now_ += seconds; }

private:
    base::UnixSeconds now_ = 1'700'000'000;
};

inline constexpr std::int64_t kHour = 3600;
inline constexpr std::int64_t kDay = 24 * kHour;

// Name → version. A name that begins with "all" is in the sets of amd64 and arm64, another one in the first
// alone. The bytes of a package depend on both alone, so repositories share objects.
using Packages = std::map<std::string, std::string>;

class SmallSite {
public:
    explicit SmallSite(fs::Filesystem& filesystem);

    // The next generation of `repository`, current on return. Returns its number.
    std::uint64_t publish(const std::string& repository, const Packages& packages);
    // The head goes, as an expiry does it.
    void expire(const std::string& repository);

    Site& site() { return site_; }
    FakeClock& clock() { return clock_; }
    fs::Filesystem& filesystem() { return filesystem_; }

    static std::string pool_path(const std::string& repository, const std::string& name,
                                 const std::string& version);  // below public/
    static std::string object_path(const std::string& name, const std::string& version);
    static std::string bytes_of(const std::string& name, const std::string& version);
    bool has(const std::string& path) { return filesystem_.status(path).has_value(); }
    bool has_generation(const std::string& repository, std::uint64_t generation);
    // Whether the stored Packages index of these packages is there.
    bool has_index(const std::string& repository, const Packages& packages);

private:
    fs::Filesystem& filesystem_;
    FakeClock clock_;
    Site site_;
};

// Every generation in gen/ is whole: manifest tree, indexes, packages and objects, by their digests.
void require_whole(fs::Filesystem& filesystem);
// What stands below public/meta, public/pool and in private/objects is named by a generation, or its name is
// condemned.
void require_no_garbage(fs::Filesystem& filesystem);
// Every file with its bytes and every symlink of the whole site, but for locks.
std::map<std::string, std::string> snapshot(fs::Filesystem& filesystem);

}  // namespace repotool::store::testing
