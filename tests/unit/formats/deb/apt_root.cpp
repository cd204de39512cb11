// SPDX-License-Identifier: GPL-3.0-or-later
#include "apt_root.hpp"

namespace repotool::formats::deb::testing {

void make_apt_root(const TemporaryDirectory& root) {
    write_file(root / "etc/sources.list", "deb [trusted=yes] file:" + (root / "site") + " stable main\n");
    write_file(root / "status", "");
    for (const char* part : {"state/lists/partial/x", "cache/archives/partial/x", "etc/preferences.d/x",
                             "etc/apt.conf.d/x", "etc/trusted.gpg.d/x"}) {
        write_file(root / part, "");
    }
}

std::vector<std::string> apt(const TemporaryDirectory& root, std::vector<std::string> command,
                             const std::string& language) {
    for (const std::string& option :
         {"Dir=" + root.path(), "Dir::State=" + (root / "state"), "Dir::State::status=" + (root / "status"),
          "Dir::Cache=" + (root / "cache"), "Dir::Etc=" + (root / "etc"),
          std::string("APT::Architecture=amd64"), std::string("APT::Architectures::=amd64"),
          std::string("APT::Sandbox::User="), std::string("Acquire::Check-Date=true"),
          std::string("Acquire::Check-Valid-Until=true"), "Acquire::Languages=" + language,
          std::string("Dir::Bin::methods=/usr/lib/apt/methods")}) {
        command.insert(command.end(), {"-o", option});
    }
    return command;
}

}  // namespace repotool::formats::deb::testing
