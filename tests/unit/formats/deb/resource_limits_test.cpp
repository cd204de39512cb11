// SPDX-License-Identifier: GPL-3.0-or-later
// Bombs are read in a process of their own, whose peak of memory in use is measured.
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "core/base/error.hpp"
#include "core/formats/deb/package_reader.hpp"
#include "deb_builder.hpp"

using namespace repotool;
using namespace repotool::formats::deb::testing;

namespace {

constexpr std::size_t kMebibyte = std::size_t{1} << 20U;

struct Outcome {
    std::string reason;
    long peak_kibibytes = 0;
};

long peak_of_this_process() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
    }
    return -1;
}

void reset_peak_of_this_process() {
    std::ofstream("/proc/self/clear_refs") << "5\n";
}

// Reads the package at `path` in a fork; the answer comes back through a file.
Outcome read_in_fork(const TemporaryDirectory& directory, const std::string& path) {
    malloc_trim(0);  // what the test itself has used and freed is not to be counted
    const std::string answer = directory / "answer";
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        reset_peak_of_this_process();
        std::string reason = "accepted";
        try {
            const formats::Package package = formats::deb::read_package(path, {}, "bomb.deb");
            if (package.name.empty()) reason = "empty";
        } catch (const base::Error& error) {
            reason = error.reason();
        }
        std::ofstream(answer) << peak_of_this_process() << ' ' << reason;
        _exit(0);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(status == 0);
    Outcome outcome;
    std::ifstream file(answer);
    file >> outcome.peak_kibibytes;
    file.get();
    std::getline(file, outcome.reason);
    return outcome;
}

void check(std::string bytes, const std::string& reason) {
    const TemporaryDirectory directory;
    write_file(directory / "bomb.deb", bytes);
    std::string().swap(bytes);
    const Outcome outcome = read_in_fork(directory, directory / "bomb.deb");
    CHECK_THAT(outcome.reason, Catch::Contains(reason));
#ifndef __SANITIZE_ADDRESS__  // which multiplies memory
    CHECK(outcome.peak_kibibytes < 64 * 1024);
    CHECK(outcome.peak_kibibytes > 0);
#endif
}

std::string deb_of(const std::string& control_tar, const std::string& suffix, const std::string& tool,
                   const std::vector<std::string>& options) {
    return ar_archive({{"debian-binary", "2.0\n"},
                       {"control.tar" + suffix, compressed(control_tar, tool, options)},
                       {"data.tar", ""}});
}

// The functions below return packages, and keep nothing of what they made them from.
// Each entry is small enough to be let through; together they are 150 MiB.
std::string bomb(const std::string& suffix, const std::string& tool,
                 const std::vector<std::string>& options) {
    std::string tar = tar_entry({"./control", good_control()});
    for (int i = 0; i < 30; ++i) tar += tar_entry({"./zeros", std::string(5 * kMebibyte, '\0')});
    return deb_of(tar, suffix, tool, options);
}

std::string one_large_entry() {
    return deb_of(
        tar_entry({"./control", good_control()}) + tar_entry({"./zeros", std::string(40 * kMebibyte, '\0')}),
        ".gz", "gzip", {"-1"});
}

std::string endless_end() {
    return deb_of(tar_entry({"control", good_control()}) + std::string(40 * kMebibyte, '\0'), ".gz", "gzip",
                  {"-1"});
}

std::string wide_window(const std::string& suffix, const std::string& tool,
                        const std::vector<std::string>& options) {
    return deb_of(tar_archive({{"./control", good_control()}}), suffix, tool, options);
}

std::string many_entries() {
    std::string entries;
    for (int i = 0; i < 20000; ++i) entries += tar_entry({"x", ""});
    return deb_with_control_tar(entries);
}

std::string long_description(std::size_t mebibytes, const std::string& tool) {
    return deb_with_control(good_control(" " + std::string(mebibytes * kMebibyte, 'x') + "\n"), tool);
}

std::string repeated_control(std::size_t mebibytes, const std::string& start, const std::string& part) {
    std::string text = start;
    while (text.size() < mebibytes * kMebibyte) text += part;
    return deb_with_control(good_control(text + "\n"));
}

std::string many_fields() {
    std::string fields;
    for (int i = 0; fields.size() < 4 * kMebibyte; ++i) fields += "f" + std::to_string(i) + ":\n";
    return deb_with_control(good_control(fields));
}

}  // namespace

TEST_CASE("bombs are refused in less than 64 MiB of memory") {
    check(bomb(".gz", "gzip", {"-1"}), "unpacks to more than 32 MiB");
    check(bomb(".xz", "xz", {"--lzma2=preset=0,dict=64MiB"}), "unpacks to more than 32 MiB");
    check(bomb(".zst", "zstd", {"--long=27"}), "unpacks to more than 32 MiB");
    check(one_large_entry(), "unpacks to more than 32 MiB");
    check(many_entries(), "more than 10000 entries");
    check(endless_end(), "unpacks to more than 32 MiB");
}

TEST_CASE("streams that want a larger window than packages have are refused") {
    check(wide_window(".xz", "xz", {"--lzma2=dict=128MiB"}), "more than 66 MiB of memory");
    check(wide_window(".zst", "zstd", {"--long=28"}), "too much memory");
}

TEST_CASE("a control file of 20 MiB is refused, one of 7 MiB is read, both in less than 64 MiB of memory") {
    for (const char* tool : {"none", "gzip", "xz", "zstd"}) {
        CAPTURE(tool);
        check(long_description(20, tool), "larger than 8 MiB");
        check(long_description(7, tool), "accepted");
    }
}

TEST_CASE("a control file full of fields, lines or relations costs little") {
    check(many_fields(), "more than 1000 fields");
    check(repeated_control(7, "", " .\n"), "accepted");
    check(repeated_control(4, "Depends: a", ", bb (>= 1)"), "accepted");
}
