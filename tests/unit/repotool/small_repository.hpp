// SPDX-License-Identifier: GPL-3.0-or-later
// A site of its own with one repository, published step by step from made-up packages: indexes without
// package files.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/store/chunks.hpp"
#include "core/store/generation_reader.hpp"
#include "core/store/site.hpp"
#include "repotool/config/config.hpp"
#include "repotool/index/index_builder.hpp"
#include "tests/support/temporary_directory.hpp"

namespace repotool::publisher {

struct SetName {
    formats::Format format = formats::Format::deb;
    std::string dist;
    std::string component;
    std::string architecture;
    friend auto operator<=>(const SetName&, const SetName&) = default;
};

inline const SetName kAmd64{formats::Format::deb, "bookworm", "main", "amd64"};
inline const SetName kSources{formats::Format::deb, "bookworm", "main", "source"};
inline const SetName kInstaller{formats::Format::deb, "bookworm", "main", "udeb-amd64"};
inline const SetName kX86{formats::Format::rpm, "el9", "", "x86_64"};

class SmallRepository {
public:
    SmallRepository();

    // A package number `number` of a set; the same number is always the same package.
    store::Record record(const SetName& set, unsigned number);
    // Packages first … last-1 of the set come, `removed` go.
    store::ChunkEdits edits(const SetName& set, unsigned first, unsigned last,
                            const std::vector<unsigned>& removed = {});
    // One new generation, checked before it is flipped as publish does it.
    void publish(const std::map<SetName, store::ChunkEdits>& edits);
    void publish(const SetName& set, unsigned first, unsigned last,
                 const std::vector<unsigned>& removed = {}) {
        publish({{set, edits(set, first, last, removed)}});
    }
    void publish_plans(const std::function<std::vector<SetPlan>(const store::GenerationReader*)>& plans);

    SetPlan plan_of(const SetName& set, const store::ChunkEdits& edits,
                    const store::GenerationReader* parent);

    store::GenerationReader current();
    store::SetEntry current_set(const SetName& set);
    // What is stored of the set's index, as it is.
    std::string stored(const SetName& set, const std::string& index, const std::string& compression);
    std::string pointer(const std::string& path);
    // Digests of everything that a set is made of.
    std::string digests(const SetName& set);
    void forget_texts();
    void damage_texts();  // of what the cache holds, not of what it says

    fs::Filesystem& filesystem() { return *filesystem_; }
    Config config;
    std::vector<BuiltSet> built;  // by the last publish
    // By the digest of their file; a test may change what a package adds to an index.
    std::map<std::string, formats::Package> packages;

private:
    void stage_objects(store::Transaction& transaction, const std::vector<SetPlan>& plans);

    testing::TemporaryDirectory directory_;
    std::unique_ptr<fs::Filesystem> filesystem_;
    store::Site site_;
};

}  // namespace repotool::publisher
