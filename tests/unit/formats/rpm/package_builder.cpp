// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/formats/rpm/package_builder.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "core/base/digest.hpp"
#include "core/base/error.hpp"
#include "core/base/subprocess.hpp"
#include "core/formats/rpm/package_reader.hpp"

namespace repotool::formats::rpm::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLead = 96, kIntro = 16, kEntry = 16;
constexpr std::uint32_t kUnknownTag = 9999;

constexpr const char* kHelloSpec = R"(
Name: hello
Version: 1.0
Release: 1
Summary: A small package
License: GPL-3.0-or-later
BuildArch: noarch
Requires: world >= 1.0
%description
It greets.
%install
mkdir -p %{buildroot}/usr/share/hello
echo hello > %{buildroot}/usr/share/hello/greeting
%files
/usr/share/hello/greeting
)";

std::uint32_t number_at(std::string_view bytes, std::size_t offset) {
    std::uint32_t value = 0;
    for (const char byte : bytes.substr(offset, 4)) value = value << 8U | static_cast<unsigned char>(byte);
    return value;
}

void set_number(std::string& bytes, std::size_t offset, std::uint32_t value) {
    for (std::size_t byte = 0; byte < 4; ++byte)
        bytes.at(offset + byte) = static_cast<char>(value >> (24 - 8 * byte));
}

// Offset of the index entry of `tag` in the header that begins at `header`.
std::size_t find_entry(std::string_view bytes, std::size_t header, std::uint32_t tag) {
    for (std::size_t i = 0; i < number_at(bytes, header + 8); ++i) {
        if (number_at(bytes, header + kIntro + kEntry * i) == tag) return header + kIntro + kEntry * i;
    }
    throw std::logic_error("bug: no such tag to forge");
}

std::size_t header_size(std::string_view bytes, std::size_t start) {
    return kIntro + kEntry * number_at(bytes, start + 8) + number_at(bytes, start + 12);
}

std::string digest_hex(base::DigestAlgorithm algorithm, std::string_view bytes) {
    base::Hasher hasher({algorithm});
    hasher.update(bytes);
    return hasher.hex(algorithm);
}

std::string from_hex(const std::string& hex) {
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2)
        bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    return bytes;
}

void replace_in_signature(std::string& package, const std::string& from, const std::string& to) {
    const auto found = package.find(from);
    if (found < ranges_of(package).header) package.replace(found, to.size(), to);
}

// Puts the digests of `package`'s header where those of `before`'s were.
std::string redigest(const std::string& before, std::string package) {
    const auto [header, payload] = ranges_of(before);
    for (const auto algorithm : {base::DigestAlgorithm::sha1, base::DigestAlgorithm::sha256}) {
        replace_in_signature(
            package, digest_hex(algorithm, std::string_view(before).substr(header, payload - header)),
            digest_hex(algorithm, std::string_view(package).substr(header, payload - header)));
    }
    replace_in_signature(package, from_hex(base::md5_hex(std::string_view(before).substr(header))),
                         from_hex(base::md5_hex(std::string_view(package).substr(header))));
    return package;
}

struct HelloPackages {
    std::string binary, source;
};

const HelloPackages& hello_packages() {
    static const HelloPackages packages = [] {
        const TemporaryDirectory directory;
        const auto built = build_packages(kHelloSpec, directory.path());
        return HelloPackages{read_file(path_ending(built, ".noarch.rpm")),
                             read_file(path_ending(built, ".src.rpm"))};
    }();
    return packages;
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
    std::string name = (fs::temp_directory_path() / "repotool-rpm-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

std::string TemporaryDirectory::write(const std::string& name, std::string_view bytes) const {
    const auto path = path_ / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path.string();
}

std::string read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string run(const std::vector<std::string>& arguments, const std::vector<std::string>& environment) {
    const auto result = base::run_process(arguments, {}, environment);
    if (result.exit_code != 0) {
        throw std::runtime_error(fmt::format("{} ended with {}: {}{}", arguments.front(), result.exit_code,
                                             result.standard_output, result.standard_error));
    }
    return result.standard_output;
}

std::vector<std::string> build_packages(const std::string& spec, const fs::path& directory) {
    const TemporaryDirectory build;
    const auto spec_file = build.write("package.spec", spec);
    fs::create_directory(build.path() / "SOURCES");
    build.write("SOURCES/package.tar", "not really a tar file\n");
    run({"rpmbuild", "-ba", "--nodeps", "--define", "_topdir " + build.path().string(), "--define",
         "_invalid_encoding_terminates_build 0", "--define", "debug_package %{nil}", "--define",
         "__os_install_post %{nil}", "--define", "_build_id_links none", spec_file},
        {"HOME=" + build.path().string(), "LC_ALL=C", "SOURCE_DATE_EPOCH=1700000000"});
    std::vector<std::string> paths;
    for (const auto& entry : fs::recursive_directory_iterator(build.path())) {
        if (entry.path().extension() != ".rpm") continue;
        const auto target = directory / entry.path().filename();
        fs::copy_file(entry.path(), target);
        paths.push_back(target.string());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

std::string path_ending(const std::vector<std::string>& paths, std::string_view ending) {
    for (const auto& path : paths) {
        if (path.ends_with(ending)) return path;
    }
    throw std::runtime_error(fmt::format("no package {} was built", ending));
}

const std::string& hello_package() {
    return hello_packages().binary;
}

const std::string& hello_source_package() {
    return hello_packages().source;
}

Ranges ranges_of(std::string_view package) {
    Ranges ranges;
    ranges.header = kLead + (header_size(package, kLead) + 7) / 8 * 8;
    ranges.payload = ranges.header + header_size(package, ranges.header);
    return ranges;
}

std::string forge(std::string package, std::string_view from, std::string_view to) {
    const std::string before = package;
    const auto [header, payload] = ranges_of(package);
    const auto found = package.find(from, header);
    if (from.size() != to.size() || found >= payload) throw std::logic_error("bug: nothing to forge");
    package.replace(found, to.size(), to);
    return redigest(before, std::move(package));
}

std::string forge_number(std::string package, std::uint32_t tag, std::size_t index, std::uint32_t value) {
    const std::string before = package;
    const std::size_t header = ranges_of(package).header;
    const std::size_t data = header + kIntro + kEntry * number_at(package, header + 8);
    const std::size_t entry = find_entry(package, header, tag);
    set_number(package, data + number_at(package, entry + 8) + 4 * index, value);
    return redigest(before, std::move(package));
}

std::string without_signature_tag(std::string package, std::uint32_t tag) {
    set_number(package, find_entry(package, kLead, tag), kUnknownTag);
    return package;
}

std::string without_tag(std::string package, std::uint32_t tag) {
    const std::string before = package;
    set_number(package, find_entry(package, ranges_of(package).header, tag), kUnknownTag);
    return redigest(before, std::move(package));
}

std::string with_odd_header(std::string package, std::size_t offset) {
    const std::string before = package;
    package.at(offset) = static_cast<char>(package.at(offset) ^ 0x10);
    return redigest(before, std::move(package));
}

Package read(const std::string& path) {
    const std::string bytes = read_file(path);
    base::FileDigests digests;
    digests.size = bytes.size();
    digests.sha256 = base::sha256_hex(bytes);
    return read_package(path, digests, fs::path(path).filename().string());
}

Package read_bytes(const std::string& bytes) {
    static const TemporaryDirectory directory;
    return read(directory.write("package.rpm", bytes));
}

std::string refusal_of(const std::string& bytes) {
    try {
        read_bytes(bytes);
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::input) throw;
        return error.reason();
    }
    return {};
}

}  // namespace repotool::formats::rpm::testing
