// SPDX-License-Identifier: GPL-3.0-or-later
// A strict view on YAML: every error says file, line and column; keys that nobody asked for are errors; no
// anchors. Shared by repotool.yaml and update files.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "core/base/error.hpp"
#include "core/yaml/text_place.hpp"

namespace repotool::yaml {

// The path of a key of the map at `parent`; quoted where it is more than a plain word.
std::string child_path(const std::string& parent, const std::string& key);

// first: a fault is thrown where it is met. all: reading goes on with the next key or element, and
// throw_faults() tells of all of them.
enum class Faults { first, all };

class YamlReader {
public:
    // Throws base::Error of `kind` (usage for configuration, input for updates) when `text` is not one YAML
    // document, has anchors or duplicate keys, or is larger than 1 MiB. `name` is the file's, for messages.
    static YamlReader parse(const std::string& text, const std::string& name, base::ErrorKind kind,
                            Faults faults = Faults::first);
    // With Faults::all: throws the first fault of the document, with the others as its also().
    void throw_faults() const;

    // Calls the reader of each key that is there. An unknown key is an error that names the nearest known
    // one.
    using Readers = std::map<std::string, std::function<void(const YamlReader&)>>;
    void read_map(const Readers& readers) const;
    // Calls `visit` for each (key, value) of a map with free keys, or each element of a list.
    void each_pair(const std::function<void(const std::string&, const YamlReader&)>& visit) const;
    void each_item(const std::function<void(const YamlReader&)>& visit) const;
    bool has(const std::string& key) const;

    std::string text() const;
    bool boolean() const;  // true and false, nothing else
    std::uint64_t number(std::uint64_t most) const;
    std::int64_t duration() const;  // seconds
    std::vector<std::string> texts() const;
    bool is_null() const;
    bool is_list() const;
    TextPlace place() const;  // from 1
    // Keeps a fault that `read` throws for throw_faults(), or lets it through.
    void attempt(const std::function<void()>& read) const;

    // ", found a list": what is there, as the end of a complaint.
    std::string found() const;
    [[noreturn]] void fail(const std::string& reason) const;
    // At the place of another key of this document; at this one's where that is not there.
    [[noreturn]] void fail_at(const std::string& path, const std::string& reason) const;

    // Where each value of the document is that was read until now.
    const TextPlaces& places() const noexcept { return *source_.places; }

private:
    struct Source {
        std::string name;
        base::ErrorKind kind;
        std::shared_ptr<TextPlaces> places = std::make_shared<TextPlaces>();
        std::shared_ptr<std::vector<base::Error>> faults{};  // null: the first one is thrown
    };
    YamlReader(YAML::Node node, Source source, std::string path)
        : node_(std::move(node)), source_(std::move(source)), path_(std::move(path)), mark_(node_.Mark()) {}
    YamlReader child(const YAML::Node& node, const std::string& path) const;
    YamlReader value_of(const YAML::Node& key, const YAML::Node& value) const;
    void check_duplicates() const;
    [[noreturn]] void fail_unknown(const Readers& readers) const;

    YAML::Node node_;
    Source source_;
    std::string path_;
    YAML::Mark mark_;
};

}  // namespace repotool::yaml
