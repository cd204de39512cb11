// SPDX-License-Identifier: GPL-3.0-or-later
// Packages of a generation by name or digest: by name it reads the chunks alone that can hold it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/store/generation_reader.hpp"

namespace repotool::publisher {

// A package's name, or the SHA-256 of its file, signed or not.
struct PackageQuery {
    std::string text;
    bool is_digest() const;
    bool matches(const std::string& name, const std::string& sha256,
                 const std::string& unsigned_sha256) const;
};

using PackageVisitor =
    std::function<void(const store::SubManifest&, const store::SetEntry&, const store::Record&)>;
// In the order of sets and keys; a package for any architecture comes once a set.
void for_each_match(const store::GenerationReader& reader, const PackageQuery& query,
                    const PackageVisitor& visit);

// The name in this generation that is nearest to `name`; empty where none is near.
std::string nearest_package(const store::GenerationReader& reader, const std::string& name);

}  // namespace repotool::publisher
