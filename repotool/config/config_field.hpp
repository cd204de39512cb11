// SPDX-License-Identifier: GPL-3.0-or-later
// One key of repotool.yaml: how it is read and how it is shown. Both stand in one table
// (config_schema.cpp), so that no key can be read that `config show` does not know. Private to this folder.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/yaml/yaml_reader.hpp"

namespace repotool::publisher {

using yaml::YamlReader;

using SettingValue = nlohmann::ordered_json;

template <class T>
struct Field {
    std::string key;
    std::function<void(const YamlReader&, T&)> read;
    std::function<SettingValue(const T&)> show;  // null: not set
};
template <class T>
using Fields = std::vector<Field<T>>;

template <class T>
void read_fields(const YamlReader& reader, T& object, const Fields<T>& fields) {
    YamlReader::Readers readers;
    for (const auto& field : fields)
        readers[field.key] = [&](const YamlReader& value) { field.read(value, object); };
    reader.read_map(readers);
}

template <class T>
SettingValue show_fields(const T& object, const Fields<T>& fields) {
    SettingValue shown = SettingValue::object();
    for (const auto& field : fields) shown[field.key] = field.show(object);
    return shown;
}

// What one text must be; throws base::Error or calls fail().
using TextReader = std::string (*)(const YamlReader&);
std::string one_line(const YamlReader& value);

inline SettingValue shown_text(const std::string& text) {
    return text.empty() ? SettingValue(nullptr) : SettingValue(text);
}

template <class T>
Field<T> text(const char* key, std::string T::*member, TextReader read = one_line) {
    return {key, [=](const YamlReader& value, T& object) { object.*member = read(value); },
            [=](const T& object) { return shown_text(object.*member); }};
}

template <class T>
Field<T> texts(const char* key, std::vector<std::string> T::*member, TextReader read = one_line) {
    return {key,
            [=](const YamlReader& value, T& object) {
                (object.*member).clear();
                value.each_item([&](const YamlReader& item) { (object.*member).push_back(read(item)); });
            },
            [=](const T& object) { return SettingValue(object.*member); }};
}

template <class T>
Field<T> flag(const char* key, bool T::*member) {
    return {key, [=](const YamlReader& value, T& object) { object.*member = value.boolean(); },
            [=](const T& object) { return SettingValue(object.*member); }};
}

template <class T>
Field<T> number(const char* key, unsigned T::*member) {
    return {key,
            [=](const YamlReader& value, T& object) {
                object.*member = static_cast<unsigned>(value.number(std::numeric_limits<unsigned>::max()));
            },
            [=](const T& object) { return SettingValue(object.*member); }};
}

std::string shown_duration(std::int64_t seconds);
template <class T>
Field<T> duration(const char* key, std::int64_t T::*member) {
    return {key, [=](const YamlReader& value, T& object) { object.*member = value.duration(); },
            [=](const T& object) { return SettingValue(shown_duration(object.*member)); }};
}

// A map of keys, kept in a member or in the object itself.
template <class T, class M>
Field<T> group(const char* key, M T::*member, const Fields<M>& fields) {
    return {key,
            [=, &fields](const YamlReader& value, T& object) { read_fields(value, object.*member, fields); },
            [=, &fields](const T& object) { return show_fields(object.*member, fields); }};
}
template <class T>
Field<T> group(const char* key, const Fields<T>& fields) {
    return {key, [&fields](const YamlReader& value, T& object) { read_fields(value, object, fields); },
            [&fields](const T& object) { return show_fields(object, fields); }};
}

}  // namespace repotool::publisher
