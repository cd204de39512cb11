# SPDX-License-Identifier: GPL-3.0-or-later
"""The first command of a new user: publish --test in a directory of packages, then apt, dnf and zypper over nginx."""

import pathlib
import re
import shlex

from clients import Apt, Dnf, Zypper
from packages import a_mixed_set
from reader import read_everything
from web import Nginx
from workspace import Scenario, main, sha256

CODENAME = "bookworm"
for _line in pathlib.Path("/etc/os-release").read_text().splitlines():
    if _line.startswith("VERSION_CODENAME="):
        CODENAME = _line.split("=", 1)[1].strip('"')


class PublishTestRepository(Scenario):
    def setUp(self):
        super().setUp()
        self.files = a_mixed_set(self.dir / "packages")
        self.digests = {sha256(path): path for path in self.files}

    def serve(self):
        server = Nginx(self.dir / "nginx", self.site / "public")
        self.addCleanup(server.stop)
        return server

    def test_the_answer_is_as_the_contract_says(self):
        answer = self.publish("test/change-1234", *self.files)
        self.assertEqual((answer["changed"], answer["repository"], answer["generation"]), (True, "test/change-1234", 1))
        self.assertIn(answer["parent"], (None, 0))
        manifest = self.site / "public/gen/test/change-1234/1/MANIFEST"
        self.assertEqual(answer["manifest_sha256"], sha256(manifest))
        self.assertEqual({package["sha256"] for package in answer["packages"]}, set(self.digests))
        for package in answer["packages"]:
            path = self.digests[package["sha256"]]
            self.assertEqual((package["action"], package["size"], package["format"]),
                             ("added", path.stat().st_size, path.suffix[1:]))
            self.assertTrue({"name", "version", "architecture", "dist", "unsigned_sha256"} <= package.keys(), package)
        self.assertEqual(answer["apt"][0]["suite"], CODENAME)
        self.assertEqual(answer["apt"][0]["components"], ["main"])
        self.assertTrue({"url", "sources"} <= answer["apt"][0].keys(), answer["apt"])
        self.assertIn(("el9", "x86_64"), {(rpm["dist"], rpm["architecture"]) for rpm in answer["rpm"]})
        for rpm in answer["rpm"]:
            self.assertTrue({"baseurl", "mirrorlist"} <= rpm.keys(), rpm)
        self.assertIsInstance(answer["elapsed_ms"], int)
        for step in answer["steps"]:
            self.assertTrue({"name", "ms"} <= step.keys(), step)

    def test_the_env_file_can_be_sourced_by_a_shell(self):
        env_file = self.dir / "result.env"
        self.publish("test/change-1234", *self.files, "--env-file", env_file)
        values = {}
        for line in env_file.read_text().splitlines():
            parts = shlex.split(line)
            self.assertEqual(len(parts), 1, f"not one shell word: {line}")
            key, value = parts[0].split("=", 1)
            self.assertRegex(key, r"^[A-Z_]+$")
            values[key] = value
        self.assertEqual(values["REPOTOOL_REPOSITORY"], "test/change-1234")
        self.assertEqual(values["REPOTOOL_GENERATION"], "1")
        self.assertTrue(values["REPOTOOL_URL"].endswith("/test/change-1234"), values["REPOTOOL_URL"])
        self.assertEqual(values["DEB_PUBLISH_SUCCEEDED"], "true")
        self.assertEqual(values["RPM_PUBLISH_SUCCEEDED"], "true")
        self.assertRegex(values["DEB_REPO_URL"].rstrip("/"), rf"^http\S+/test/change-1234/? {CODENAME} main$")
        self.assertIn("/test/change-1234/rpm/el9", values["RPM_REPO_URL"])
        for key in ("DEB_PACKAGENAME", "DEB_VERSION", "DEB_BINARIES", "RPM_VERSION", "RPM_BINARIES"):
            self.assertTrue(values[key], key)

    def test_without_inputs_the_current_directory_is_published(self):
        answer = self.publish("test/here", cwd=self.dir / "packages")
        self.assertEqual({package["sha256"] for package in answer["packages"]}, set(self.digests))

    def test_a_directory_is_an_input(self):
        answer = self.publish("test/there", self.dir / "packages")
        self.assertEqual({package["sha256"] for package in answer["packages"]}, set(self.digests))

    def test_a_list_on_standard_input_is_an_input(self):
        answer = self.publish("test/list", "-", stdin="".join(f"{path}\n" for path in self.files))
        self.assertEqual({package["sha256"] for package in answer["packages"]}, set(self.digests))

    def test_apt_installs_the_same_bytes_and_fetches_indexes_by_hash_only(self):
        self.publish("test/change-1234", *self.files)
        server = self.serve()
        apt = Apt(self.dir / "apt", f"deb [trusted=yes] {server.url}/test/change-1234 {CODENAME} main")
        apt.update()
        indexes = [path for _, path in server.requests() if "/binary-" in path]
        self.assertTrue(indexes, "apt fetched no index")
        self.assertEqual([path for path in indexes if "/by-hash/SHA256/" not in path], [])
        self.assertEqual(apt.names(), ["alpha", "beta"])
        got = apt.download("alpha")
        self.assertEqual({self.digests[digest].name for digest in got}, {"alpha-1.0-1_all.deb", "beta-2.0-1_amd64.deb"})
        self.assertEqual([entry for entry in server.requests() if entry[0] == 404 and "InRelease" not in entry[1]
                          and "Release.gpg" not in entry[1]], [])

    def test_dnf_and_zypper_install_the_same_bytes(self):
        self.publish("test/change-1234", *self.files)
        server = self.serve()
        base = f"{server.url}/test/change-1234/rpm/el9/x86_64/"
        dnf = Dnf(self.dir / "dnf", baseurl=base)
        self.assertEqual(dnf.repoquery(), ["delta-4.0-1.el9.x86_64", "gamma-3.0-1.el9.noarch",
                                           "gamma-data-3.0-1.el9.noarch"])
        got = dnf.download("delta")
        self.assertEqual(sorted(path.name for path in got.values()),
                         ["delta-4.0-1.el9.x86_64.rpm", "gamma-3.0-1.el9.noarch.rpm"])
        self.assertLessEqual(set(got), set(self.digests), "dnf got other bytes than were published")
        zypper = Zypper(self.dir / "zypper", base)
        zypper.refresh()
        self.assertEqual(zypper.names(), ["delta", "gamma", "gamma-data"])

    def test_source_packages_have_a_repository_of_their_own(self):
        self.publish("test/change-1234", *self.files)
        server = self.serve()
        dnf = Dnf(self.dir / "dnf", baseurl=f"{server.url}/test/change-1234/rpm/el9/source/")
        self.assertEqual(dnf.repoquery(), ["delta-4.0-1.el9.src"])

    def test_the_tree_is_complete_and_readable_whatever_the_umask(self):
        self.publish("test/change-1234", *self.files)
        public = self.site / "public"
        found = read_everything(public, "test/change-1234")
        self.assertEqual({entry[3] for entry in found}, set(self.digests))
        for path in public.rglob("*"):
            if not path.is_symlink():
                mode = path.stat().st_mode & 0o777
                self.assertIn(mode, (0o755,) if path.is_dir() else (0o644, 0o444), path)
        for path in public.rglob("*"):
            if path.is_symlink():
                self.assertFalse(str(path.readlink()).startswith("/"), f"{path} is an absolute symlink")
        self.assertEqual((self.site / "private").stat().st_mode & 0o777, 0o700)
        self.assert_nothing_left()

    def test_the_client_snippets_work_as_printed(self):
        server = Nginx(self.dir / "nginx", self.site / "public")
        self.addCleanup(server.stop)
        self.write_config(f'site: {{base_url: "{server.url}"}}\n')
        self.publish("test/change-1234", *self.files)
        line = self.repotool("client", "test/change-1234", "--format", "list").out
        apt = Apt(self.dir / "apt", line)
        apt.update()
        self.assertEqual(apt.names(), ["alpha", "beta"])
        repo = self.repotool("client", "test/change-1234", "--format", "repo").out
        self.assertRegex(repo, re.compile(r"^\[.+\]$", re.M))
        dnf = Dnf(self.dir / "dnf", baseurl="http://127.0.0.1:1/")
        (dnf.dir / "repos/r.repo").write_text(repo)
        self.assertIn("gamma-3.0-1.el9.noarch", dnf.repoquery())
        mirrorlist = Dnf(self.dir / "dnf-mirrorlist",
                         mirrorlist=f"{server.url}/test/change-1234/rpm/el9/x86_64/mirrorlist")
        self.assertIn("gamma-3.0-1.el9.noarch", mirrorlist.repoquery())

    def test_list_show_and_verify_tell_what_is_there(self):
        self.publish("test/change-1234", *self.files)
        self.assertIn("test/change-1234", self.repotool("list").out)
        self.assertIn("test/change-1234", self.repotool("list", "test/change-1234").out)
        self.assertIn("gamma-data", self.repotool("show", "test/change-1234@1").out)
        self.repotool("verify", "test/change-1234")
        self.repotool("verify", "test/change-1234", "--full")
        pool = next((self.site / "public/pool").rglob("*.deb"))
        pool.chmod(0o644)
        data = bytearray(pool.read_bytes())
        data[-1] ^= 1
        pool.write_bytes(data)
        damaged = self.repotool("verify", "test/change-1234", "--full", code=9)
        self.assertIn(pool.name, damaged.err + damaged.out)


if __name__ == "__main__":
    main()
