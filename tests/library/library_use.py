# SPDX-License-Identifier: GPL-3.0-or-later
"""cmake --install, then a program from outside the tree that knows nothing but CMAKE_PREFIX_PATH.

Publishes with examples/ and lets apt read what it made."""

import os
import pathlib
import re
import shutil
import tempfile

from clients import Apt
from packages import a_deb
from web import Nginx
from workspace import Scenario, main, run

SOURCE = pathlib.Path(os.environ.get("REPOTOOL_SOURCE_DIR", pathlib.Path(__file__).parents[2]))
BUILD = pathlib.Path(os.environ.get("REPOTOOL_BUILD_DIR", SOURCE / "build/dev"))
CMAKE = os.environ.get("CMAKE", "cmake")
TARGETS = ("base", "fs", "store", "formats", "formats_deb", "formats_rpm", "signing", "publisher", "sync")
# Headers of other people that an installed header may need: those of public dependencies, and the standard's own.
PUBLIC_DEPENDENCIES = re.compile(r"^nlohmann/|^[a-z_]+$")
EVERYTHING = """cmake_minimum_required(VERSION 3.25)
project(everything LANGUAGES CXX)
find_package(repotool 0.1 REQUIRED)
add_executable(everything everything.cpp)
target_link_libraries(everything PRIVATE {targets})
"""
MAIN = """
int main() {
    repotool::formats::rpm::compare_versions("1", "2");
    return repotool::base::exit_code(repotool::base::ErrorKind::usage);
}
"""


class LibraryUse(Scenario):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="rt-")
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.work = pathlib.Path(cls.temporary.name)
        cls.prefix = cls.work / "prefix"
        cls.must([CMAKE, "--install", BUILD, "--prefix", cls.prefix])
        cls.include = cls.prefix / "include/repotool"
        cls.headers = sorted(str(path.relative_to(cls.include)) for path in cls.include.rglob("*.hpp"))

    @staticmethod
    def must(command, **options):
        result = run(command, **options)
        if result.code:
            raise AssertionError(str(result))
        return result

    def build_outside(self, source, name):
        """Configures and builds a project that knows the prefix and nothing else; its program."""
        build = self.dir / f"build-{name}"
        self.must([CMAKE, "-S", source, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}"])
        self.must([CMAKE, "--build", build])
        return build / name

    def test_the_example_publishes_what_apt_installs(self):
        shutil.copytree(SOURCE / "examples", self.dir / "examples")
        example = self.build_outside(self.dir / "examples", "publish_package")
        package = a_deb(self.dir / "packages", "hello", "2.0-1")
        answer = self.must([example, self.site, package], env=self.env)
        self.assertEqual(answer.out.splitlines()[0], "test/example@1")
        self.assertIn("(unchanged)", self.must([example, self.site, package], env=self.env).out)
        server = Nginx(self.dir / "nginx", self.site / "public")
        self.addCleanup(server.stop)
        apt = Apt(self.dir / "apt", answer.out.splitlines()[1].replace("http://localhost:8080", server.url))
        apt.update()
        self.assertEqual(apt.versions("hello"), ["2.0-1"])
        self.assertEqual(len(apt.download("hello")), 1)
        listed = self.must([self.prefix / "bin/repotool", "--site", self.site, "list"], env=self.env)
        self.assertIn("test/example", listed.out)
        self.refuses(example)

    def refuses(self, example):
        """What the library throws becomes the exit code and the words of the tools."""
        broken = self.dir / "broken.deb"
        broken.write_text("no package\n")
        for file, code in ((broken, 3), (self.dir / "missing.deb", 3)):
            result = run([example, self.site, file], env=self.env)
            self.assertEqual(result.code, code, result)
            self.assertRegex(result.err, r"^publish_package: cannot \S.* '.*': \S")
        self.assert_nothing_left()

    def test_every_target_can_be_linked_and_every_header_included(self):
        (self.dir / "all").mkdir()
        (self.dir / "all/CMakeLists.txt").write_text(
            EVERYTHING.format(targets=" ".join(f"repotool::{target}" for target in TARGETS)))
        (self.dir / "all/everything.cpp").write_text(
            "".join(f'#include "{header}"\n' for header in reversed(self.headers)) + MAIN)
        everything = self.build_outside(self.dir / "all", "everything")
        self.assertEqual(run([everything]).code, 2)

    def test_installed_headers_need_nothing_that_is_not_installed(self):
        self.assertIn("repotool/publish/publish.hpp", self.headers)
        for header in self.headers:
            text = (self.include / header).read_text()
            self.assertNotRegex(text, r"(?i)\bprivate to\b", f"{header} says that it is private")
            for quoted, angle in re.findall(r'^#include (?:"([^"]+)"|<([^>]+)>)', text, re.M):
                if quoted:
                    self.assertTrue((self.include / quoted).is_file(), f"{header} includes {quoted}, which is private")
                else:
                    self.assertRegex(angle, PUBLIC_DEPENDENCIES, f"{header} includes <{angle}>")

    def test_each_installed_header_can_be_included_alone(self):
        for header in self.headers:
            source = (SOURCE / header).with_suffix(".cpp")
            first = re.search(r'^#include (.*)$', source.read_text(), re.M) if source.exists() else None
            if first and first.group(1) == f'"{header}"':
                continue  # the build has proved it: its own source includes it before anything else
            with self.subTest(header):
                result = run([os.environ.get("CXX", "c++"), "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
                              "-I", self.include, "-x", "c++", "-"], stdin=f'#include "{header}"\n')
                self.assertEqual(result.code, 0, result)


if __name__ == "__main__":
    main()
