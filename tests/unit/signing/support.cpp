// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/signing/support.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <thread>

#include "core/base/text.hpp"

namespace repotool::signing::test {
namespace fs = std::filesystem;

Workspace::Workspace() {
    std::string name = (fs::temp_directory_path() / "sg-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
}

namespace {

// An agent that was told to go is still removing its own sockets, here or below /run/user.
void try_for_a_second(const std::function<bool()>& action) {
    for (int attempt = 0; attempt < 100 && !action(); ++attempt)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

}  // namespace

Workspace::~Workspace() {
    for (const auto& entry : fs::recursive_directory_iterator(path_)) {
        if (!entry.is_directory() || !fs::exists(entry.path() / "private-keys-v1.d")) continue;
        const auto gpgconf = [home = entry.path().string()](const std::string& what, auto... more) {
            return run({"gpgconf", "--homedir", home, what, more...});
        };
        gpgconf("--kill", "all");
        try_for_a_second([&] { return gpgconf("--remove-socketdir") == 0; });
    }
    try_for_a_second([&] {
        std::error_code error;
        fs::remove_all(path_, error);
        return !error;
    });
}

fs::path Workspace::home(std::string_view name) {
    fs::create_directory(path_ / name);
    fs::permissions(path_ / name, fs::perms::owner_all);
    write(path_ / name / "gpg-agent.conf",
          "s2k-count 65536\n");  // no seconds of calibration for a passphrase
    return path_ / name;
}

std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write(const fs::path& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

std::string flipped(std::string bytes, std::size_t at) {
    bytes.at(at) = static_cast<char>(bytes.at(at) ^ 1);
    return bytes;
}

int run(const std::vector<std::string>& arguments, const std::vector<std::string>& environment) {
    return base::run_process(arguments, {}, environment, 60).exit_code;
}

std::string output_of(const std::vector<std::string>& arguments,
                      const std::vector<std::string>& environment) {
    const auto result = base::run_process(arguments, {}, environment, 60);
    INFO(base::join(arguments, " ") << "\n" << result.standard_error);
    REQUIRE(result.exit_code == 0);
    return result.standard_output;
}

std::string gpg(const fs::path& home, std::vector<std::string> arguments) {
    std::vector<std::string> command = {"gpg", "--homedir", home.string(), "--batch", "--quiet", "--no-tty"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return output_of(command);
}

std::string gpg_key(const fs::path& home, const std::string& algorithm, std::vector<std::string> options,
                    const std::string& passphrase, const std::string& expires) {
    const auto before = fingerprints(home).size();
    std::vector<std::string> arguments = std::move(options);
    for (const std::string& word :
         {std::string("--pinentry-mode"), std::string("loopback"), std::string("--passphrase"), passphrase,
          std::string("--quick-gen-key"), "Test " + algorithm + " <test@example.org>", algorithm})
        arguments.push_back(word);
    // gpg wants --yes for a second key with the same name.
    arguments.insert(arguments.begin(), "--yes");
    arguments.insert(arguments.end(), {"sign", expires});
    gpg(home, arguments);
    return fingerprints(home).at(before);
}

std::vector<std::string> fingerprints(const fs::path& home) {
    std::vector<std::string> found;
    for (const auto& line : base::split(gpg(home, {"--list-keys", "--with-colons"}), '\n'))
        if (line.starts_with("fpr:")) found.push_back(base::split(line, ':').at(9));
    return found;
}

fs::path keyring(const Workspace& workspace, const std::string& name, const std::string& armored) {
    write(workspace / (name + ".asc"), armored);
    const auto binary = workspace / (name + ".gpg");
    output_of({"gpg", "--homedir", (workspace / "").string(), "--batch", "--yes", "--dearmor", "-o",
               binary.string(), (workspace / (name + ".asc")).string()});
    return binary;
}

fs::path an_rpm(const Workspace& workspace, const std::string& name, const std::string& define) {
    const auto top = workspace / ("build-" + name);
    fs::create_directory(top);
    write(
        top / "p.spec",
        "Name: " + name +
            "\nVersion: 1.0\nRelease: 1\nSummary: test\nLicense: GPL\nBuildArch: noarch\n%description\ntest\n"
            "%install\nmkdir -p %{buildroot}/usr/share\necho hello > %{buildroot}/usr/share/" +
            name + "\n%files\n/usr/share/" + name + "\n");
    output_of({"rpmbuild", "-bb", "--quiet", "--define", "_topdir " + top.string(), "--define", define,
               (top / "p.spec").string()});
    const auto file = workspace / (name + ".rpm");
    fs::rename(top / "RPMS" / "noarch" / (name + "-1.0-1.noarch.rpm"), file);
    return file;
}

int rpmkeys_check(const Workspace& workspace, const fs::path& package, const std::string& armored_key) {
    const auto database = workspace / "rpmdb";
    fs::remove_all(database);
    fs::create_directory(database);
    write(workspace / "rpm.key", armored_key);
    const std::vector<std::string> rpmkeys = {"rpmkeys", "--dbpath", database.string(), "--define",
                                              "_pkgverify_level all"};
    auto import = rpmkeys;
    import.insert(import.end(), {"--import", (workspace / "rpm.key").string()});
    output_of(import);
    auto check = rpmkeys;
    check.insert(check.end(), {"-K", package.string()});
    return run(check);
}

base::Error error_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const base::Error& error) {
        return error;
    }
    FAIL("nothing was thrown");
    throw std::logic_error("unreachable");
}

}  // namespace repotool::signing::test
