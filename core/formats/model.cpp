// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/model.hpp"

#include "core/base/byte_codec.hpp"
#include "core/base/error.hpp"

namespace repotool::formats {

const char* format_name(Format format) noexcept {
    return format == Format::deb ? "deb" : "rpm";
}

Format parse_format(std::string_view name) {
    if (name == "deb") return Format::deb;
    if (name == "rpm") return Format::rpm;
    throw base::Error(base::ErrorKind::input, "read", std::string(name), "expected the format deb or rpm");
}

const char* kind_name(PackageKind kind) noexcept {
    switch (kind) {
        case PackageKind::binary:
            return "binary";
        case PackageKind::source:
            return "source";
        case PackageKind::udeb:
            return "udeb";
        case PackageKind::debug:
            return "debug";
    }
    return "binary";
}

PackageKind parse_kind(std::string_view name) {
    for (const auto kind :
         {PackageKind::binary, PackageKind::source, PackageKind::udeb, PackageKind::debug}) {
        if (name == kind_name(kind)) return kind;
    }
    throw base::Error(base::ErrorKind::integrity, "read", std::string(name),
                      "there is no such kind of package");
}

std::string to_bytes(const Package& package) {
    base::ByteWriter writer;
    writer.text(format_name(package.format));
    for (const auto* text :
         {&package.name, &package.version, &package.architecture, &package.source, &package.source_version,
          &package.file_name, &package.sha256, &package.content_id})
        writer.text(*text);
    writer.number(package.size);
    writer.text(kind_name(package.kind));
    writer.number(static_cast<std::uint8_t>(package.any_architecture ? 1 : 0));
    writer.count(package.files.size());
    for (const auto& file : package.files) {
        writer.text(file.name);
        writer.number(file.size);
        writer.text(file.sha256);
    }
    writer.count(package.index.size());
    for (const auto& [name, text] : package.index) {
        writer.text(name);
        writer.text(text.before);
        writer.text(text.after);
    }
    return writer.take();
}

Package package_from_bytes(std::string_view bytes) {
    base::ByteReader reader(bytes, "package record");
    Package package;
    package.format = parse_format(reader.text());
    for (auto* text : {&package.name, &package.version, &package.architecture, &package.source,
                       &package.source_version, &package.file_name, &package.sha256, &package.content_id})
        *text = reader.text();
    package.size = reader.number<std::uint64_t>();
    package.kind = parse_kind(reader.text());
    package.any_architecture = reader.number<std::uint8_t>() != 0;
    for (std::size_t left = reader.count(); left > 0; --left) {
        PackageFile file;
        file.name = reader.text();
        file.size = reader.number<std::uint64_t>();
        file.sha256 = reader.text();
        package.files.push_back(std::move(file));
    }
    for (std::size_t left = reader.count(); left > 0; --left) {
        IndexText& text = package.index[reader.text()];
        text.before = reader.text();
        text.after = reader.text();
    }
    reader.end();
    return package;
}

}  // namespace repotool::formats
