// SPDX-License-Identifier: GPL-3.0-or-later
#include "deb_builder.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "core/base/error.hpp"
#include "core/base/subprocess.hpp"
#include "core/formats/deb/package_reader.hpp"

namespace repotool::formats::deb::testing {

namespace filesystem = std::filesystem;

TemporaryDirectory::TemporaryDirectory() {
    path_ = (filesystem::temp_directory_path() / "test-deb-XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make " + path_);
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    filesystem::remove_all(path_, ignored);
}

void write_file(const std::string& path, std::string_view bytes) {
    filesystem::create_directories(filesystem::path(path).parent_path());
    filesystem::remove(path);  // some filesystems wait for the disk when a file is written again in place
    std::ofstream file(path, std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.close();
    REQUIRE(file);
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

base::FileDigests digests_of(std::string_view bytes) {
    using enum base::DigestAlgorithm;
    base::Hasher hasher({md5, sha1, sha256, sha512});
    hasher.update(bytes);
    return {bytes.size(), hasher.hex(md5), hasher.hex(sha1), hasher.hex(sha256), hasher.hex(sha512)};
}

std::string output_of(const std::vector<std::string>& arguments, std::string_view input) {
    const base::ProcessResult result = base::run_process(arguments, input, {"LC_ALL=C"});
    INFO(arguments.front() << ": " << result.standard_error);
    REQUIRE(result.exit_code == 0);
    return result.standard_output;
}

void build_with_dpkg(const std::string& path, std::string_view control,
                     const std::vector<std::string>& options) {
    const TemporaryDirectory root;
    write_file(root / "DEBIAN/control", control);
    write_file(root / "usr/share/doc/hello/readme", "hello\n");
    filesystem::permissions(root.path(), filesystem::perms(0755));
    std::vector<std::string> arguments{"dpkg-deb", "--root-owner-group", "--nocheck"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.insert(arguments.end(), {"--build", root.path(), path});
    output_of(arguments);
}

std::string ar_archive(const std::vector<ArMember>& members) {
    std::string archive = "!<arch>\n";
    for (const auto& [name, content] : members) {
        archive +=
            fmt::format("{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", name, 0, 0, 0, "100644", content.size());
        archive += content;
        if (content.size() % 2 == 1) archive += '\n';
    }
    return archive;
}

std::string tar_entry(const TarEntry& entry) {
    std::string header(512, '\0');
    const auto put = [&header](std::size_t offset, std::string_view text) {
        header.replace(offset, text.size(), text);
    };
    put(0, entry.name);
    put(100, "0000644");
    put(108, "0000000");
    put(116, "0000000");
    put(124, fmt::format("{:011o}", entry.content.size()));
    put(136, "00000000000");
    put(148, "        ");
    header[156] = entry.type;
    if (entry.type == '1' || entry.type == '2') put(157, "/etc/passwd");
    put(257, entry.prefix.empty() ? std::string_view("ustar  \0", 8)
                                  : std::string_view("ustar\0"
                                                     "00",
                                                     8));
    put(345, entry.prefix);
    unsigned int sum = 0;
    for (const char byte : header) sum += static_cast<unsigned char>(byte);
    put(148, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
    return header + entry.content + std::string((512 - entry.content.size() % 512) % 512, '\0');
}

std::string tar_archive(const std::vector<TarEntry>& entries) {
    std::string archive;
    for (const TarEntry& entry : entries) archive += tar_entry(entry);
    return archive + std::string(1024, '\0');
}

std::string compressed(std::string_view bytes, const std::string& tool,
                       const std::vector<std::string>& options) {
    if (tool == "none") return std::string(bytes);
    std::vector<std::string> arguments{tool, "-c"};
    if (tool == "gzip") arguments.emplace_back("-n");
    arguments.insert(arguments.end(), options.begin(), options.end());
    return output_of(arguments, bytes);
}

std::string deb_with_control_tar(std::string_view control_tar, const std::string& tool) {
    const std::string suffix = tool == "none" ? "" : tool == "gzip" ? ".gz" : tool == "xz" ? ".xz" : ".zst";
    return ar_archive({{"debian-binary", "2.0\n"},
                       {"control.tar" + suffix, compressed(control_tar, tool)},
                       {"data.tar", tar_archive({})}});
}

std::string deb_with_control(std::string_view control, const std::string& tool) {
    return deb_with_control_tar(tar_archive({{"./", "", '5'}, {"./control", std::string(control)}}), tool);
}

std::string good_control(std::string_view more) {
    return "Package: hello\nVersion: 1.0-1\nArchitecture: all\nMaintainer: A Person <a@example.org>\n"
           "Description: greets\n" +
           std::string(more);
}

Package read_bytes(const TemporaryDirectory& directory, std::string_view bytes) {
    const std::string path = directory / "input";
    write_file(path, bytes);
    return read_package(path, digests_of(bytes), "test.deb");
}

std::string refusal_of(const TemporaryDirectory& directory, std::string_view bytes) {
    try {
        read_bytes(directory, bytes);
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::input) throw;
        return error.reason();
    }
    return "accepted";
}

}  // namespace repotool::formats::deb::testing
