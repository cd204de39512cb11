# SPDX-License-Identifier: GPL-3.0-or-later
"""The lint rules find what they are for: each kind of violation, planted in a tree that is otherwise clean."""

import pathlib
import tempfile
import unittest

import hygiene
import layering
import schemas
import sizes

HEAD = "// SPDX-License-Identifier: GPL-3.0-or-later\n"
CLEAN = HEAD + '#include "core/base/error.hpp"\n#include <string>\nint f() {\n    return 1;\n}\n'


class LintRules(unittest.TestCase):
    def lint(self, rule, path, text):
        """Findings of `rule` in a tree with one clean file and this one."""
        with tempfile.TemporaryDirectory() as root:
            for name, content in (("core/base/error.hpp", HEAD + "#pragma once\n"), ("core/fs/a.cpp", CLEAN), (path, text)):
                target = pathlib.Path(root, name)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(content)
            return list(rule.findings(root))

    def assert_found(self, rule, path, text, expected):
        found = self.lint(rule, path, text)
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(f"{path}:"), found)
        self.assertIn(expected, found[0])

    def test_a_clean_tree_has_no_findings(self):
        for rule in (layering, sizes, hygiene, schemas):
            self.assertEqual(self.lint(rule, "core/fs/b.cpp", CLEAN), [])

    def test_an_include_against_the_arrows_is_found(self):
        for path, target in (("core/base/b.cpp", "core/fs/x.hpp"), ("core/store/b.cpp", "core/formats/x.hpp"),
                             ("repotool/publish/b.cpp", "sync/x.hpp"), ("sync/b.cpp", "repotool/publish/x.hpp"),
                             ("signing/b.cpp", "signing/cli/x.hpp"), ("core/formats/deb/b.cpp", "core/store/x.hpp")):
            self.assert_found(layering, path, f'{HEAD}#include "{target}"\n', "must not include")

    def test_an_include_along_the_arrows_is_not(self):
        for path, target in (("repotool/cli/b.cpp", "repotool/publish/x.hpp"), ("sync/b.cpp", "core/store/x.hpp"),
                             ("core/store/b.cpp", "core/fs/x.hpp"), ("core/formats/rpm/b.cpp", "core/formats/x.hpp")):
            self.assertEqual(self.lint(layering, path, f'{HEAD}#include "{target}"\n'), [])

    def test_a_header_outside_its_room_is_found(self):
        for path, target in (("repotool/publish/b.cpp", "rpm/rpmlib.h"), ("core/formats/rpm/b.cpp", "apt-pkg/init.h"),
                             ("sync/b.cpp", "curl/curl.h"), ("repotool/publish/b.cpp", "gpgme.h"), ("sync/b.cpp", "unistd.h"),
                             ("repotool/publish/b.cpp", "fstream"), ("core/store/b.cpp", "sys/stat.h")):
            self.assert_found(layering, path, f"{HEAD}#include <{target}>\n", "belongs in")

    def test_a_system_call_outside_the_seam_is_found(self):
        for call in ("::open(path, 0)", "std::filesystem::exists(path)", "std::ofstream out(path)"):
            self.assert_found(layering, "repotool/publish/b.cpp", f"{HEAD}void f() {{ {call}; }}\n", "outside core/fs")

    def test_a_system_call_in_a_comment_or_a_string_is_none(self):
        text = f'{HEAD}// ::open( and std::filesystem::exists\nauto a = "::unlink(";\n'
        self.assertEqual(self.lint(layering, "repotool/publish/b.cpp", text), [])

    def test_a_ring_of_includes_is_found(self):
        with tempfile.TemporaryDirectory() as root:
            for one, other in (("a", "b"), ("b", "c"), ("c", "a")):
                target = pathlib.Path(root, f"core/fs/{one}.hpp")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(f'{HEAD}#include "core/fs/{other}.hpp"\n')
            found = list(layering.findings(root))
        self.assertEqual(len(found), 1, found)
        self.assertIn("in a ring", found[0])

    def test_a_long_file_and_a_long_function_are_found(self):
        self.assert_found(sizes, "core/fs/b.cpp", HEAD + "int x;\n" * 500, "501 lines")
        body = "    g();\n" * 59
        for head in ("int f() {\n", "template <typename T>\nT f(T t) {\n", "Thing::Thing(int a)\n    : a_(a) {\n"):
            self.assert_found(sizes, "core/fs/b.cpp", f"{HEAD}namespace a {{\n{head}{body}}}\n}}\n", "a function of")
        self.assert_found(sizes, "tests/b.py", "def f():\n" + "    g()\n" * 60, "a function of 61")

    def test_a_long_class_of_short_functions_is_no_long_function(self):
        text = HEAD + "class A {\n" + "    void f() { g(\"{\"); }\n" * 100 + "};\nstruct B {\n" + "    int x = 1;\n" * 90 + "};\n"
        self.assertEqual(self.lint(sizes, "core/fs/b.cpp", text), [])

    def test_what_belongs_to_one_machine_is_found(self):
        for line in ("// see /wor" + "k/main/x", "// htt" + "ps://artifacts.corp.net/x", "// docker" + ".io/x"):
            self.assert_found(hygiene, "core/fs/b.cpp", HEAD + line + "\n", "names")
        self.assert_found(hygiene, "core/fs/b.cpp", "int x;\n", "first line")

    def test_a_broken_schema_is_found(self):
        self.assert_found(schemas, "schemas/a.schema.json", "{", "is not JSON")
        text = '{"$schema": "x", "title": "t", "type": "object", "properties": {"a": {"$ref": "#/$defs/b"}}}'
        self.assert_found(schemas, "schemas/a.schema.json", text, "not there")


if __name__ == "__main__":
    unittest.main(verbosity=2)
