// SPDX-License-Identifier: GPL-3.0-or-later
// A strict view on YAML: every error says file, line and column; keys that nobody asked for are errors; no
// anchors.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "core/base/error.hpp"

namespace repotool::publisher {

class YamlReader {
public:
    // Throws base::Error of `kind` (usage for configuration, input for updates) when `text` is not one YAML
    // document, has anchors or duplicate keys, or is larger than 1 MiB.
    static YamlReader parse(const std::string& text, const std::string& name, base::ErrorKind kind);

    // Calls the reader of each key that is there. An unknown key is an error that names the nearest known
    // one.
    using Readers = std::map<std::string, std::function<void(const YamlReader&)>>;
    void read_map(const Readers& readers) const;
    // Calls `visit` for each (key, value) of a map with free keys, or each element of a list.
    void each_pair(const std::function<void(const std::string&, const YamlReader&)>& visit) const;
    void each_item(const std::function<void(const YamlReader&)>& visit) const;

    std::string text() const;
    bool boolean() const;  // true and false, nothing else
    std::uint64_t number() const;
    std::int64_t duration() const;
    std::vector<std::string> texts() const;
    bool is_null() const;

    [[noreturn]] void fail(const std::string& reason) const;

private:
    struct Source {
        std::string name;
        base::ErrorKind kind;
    };
    YamlReader(YAML::Node node, Source source) : node_(std::move(node)), source_(std::move(source)) {}
    void check_duplicates() const;

    YAML::Node node_;
    Source source_;
};

}  // namespace repotool::publisher
