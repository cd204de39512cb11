# SPDX-License-Identifier: GPL-3.0-or-later
"""A signed site with every option at once, read by real apt, dnf and zypper in each compression."""

import pathlib
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as elements

from clients import Apt, Dnf, Zypper
from keys import generate_key
from packages import a_deb, rpms
from reader import REPO, FileSource, read_release
from uploads import an_upload
from web import Nginx
from workspace import Scenario, main, run, sha256

CONFIG = """
site: {{base_url: "{url}"}}
dists:
  - {{name: bookworm, format: deb, architectures: [amd64, arm64], components: [main, extra], debug: apart}}
  - {{name: el9, format: rpm, architectures: [x86_64], debug: apart}}
repositories: {{stable: {{sign: stable-key}}}}
metadata: {{compress: {compress}, contents: true, translations: true, sha512: true, valid_until: 7d}}
keys: {{stable-key: {{fingerprint: {fingerprint}}}}}
"""
# What apt-file asks apt for, and what the installer asks for.
TARGETS = """
Acquire::IndexTargets::deb::Contents-deb {
  MetaKey "$(COMPONENT)/Contents-$(ARCHITECTURE)"; ShortDescription "Contents"; Description "$(SITE) Contents";
  KeepCompressed "true"; };
Acquire::IndexTargets::deb::Installer {
  MetaKey "$(COMPONENT)/debian-installer/binary-$(ARCHITECTURE)/Packages"; ShortDescription "Installer";
  Description "$(SITE) Installer"; Optional "true"; };
"""
UPDATEINFO = """<?xml version="1.0" encoding="UTF-8"?>
<updates><update from="a@example.org" status="final" type="security" version="1">
 <id>EX-1</id><title>gamma</title><issued date="2026-01-02 00:00:00"/><description>gamma is safe now</description>
 <pkglist><collection short="c"><name>c</name>
  <package name="gamma" version="3.0" release="1.el9" epoch="0" arch="noarch"><filename>gamma-3.0-1.el9.noarch.rpm</filename></package>
 </collection></pkglist>
</update></updates>
"""
COMPS = """<?xml version="1.0" encoding="UTF-8"?>
<comps><group><id>greek</id><name>Greek</name><description>letters</description><uservisible>true</uservisible>
<packagelist><packagereq type="mandatory">gamma</packagereq></packagelist></group></comps>
"""
MODULES = """---
document: modulemd
version: 2
data:
  name: letters
  stream: "1"
  version: 1
  context: c0ffee01
  arch: x86_64
  summary: Letters
  description: Letters of all kinds
  license: {module: [MIT]}
  artifacts: {rpms: ["letters-0:1.0-1.el9.noarch"]}
...
"""


class EveryFormat(Scenario):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="rt-")
        cls.addClassCleanup(directory.cleanup)
        base = pathlib.Path(directory.name)
        cls.upload = an_upload(base / "upload", "tool", binaries=["tool"])
        debs = base / "debs"
        cls.debs = [a_deb(debs, "app", "1.0-1", architecture, fields={"Depends": "tool"}) for architecture in ("amd64", "arm64")]
        cls.debs.append(a_deb(debs, "app-dbgsym", "1.0-1", "amd64", fields={
            "Source": "app", "Section": "debug", "Auto-Built-Package": "debug-symbols", "Depends": "app (= 1.0-1)"}))
        cls.debs.append(a_deb(debs, "app-udeb", "1.0-1", "amd64", file_name="app-udeb_1.0-1_amd64.udeb",
                              fields={"Section": "debian-installer", "Package-Type": "udeb"}))
        cls.other = a_deb(debs, "more", "1.0-1", "all")
        cls.rpms = [*rpms(base / "rpms", "gamma", "3.0", subpackages=("data",), source=True),
                    *rpms(base / "rpms", "delta", "4.0", architecture="x86_64", subpackages=("debuginfo",),
                          header="Requires: gamma >= 3.0")]
        cls.extras = []
        for name, text in (("updateinfo.xml", UPDATEINFO), ("comps.xml", COMPS), ("modules.yaml", MODULES)):
            cls.extras.append(base / name)
            cls.extras[-1].write_text(text)

    def serve(self, compress):
        self.site.mkdir()
        (self.site / "public").mkdir()
        self.web = Nginx(self.dir / "web", self.site / "public")
        self.addCleanup(self.web.stop)
        self.write_config(CONFIG.format(url=self.web.url, compress=compress, fingerprint=generate_key(self, site=self.site)))
        self.repotool("promote", self.upload.changes, *self.debs, *self.rpms, *self.extras, "stable")
        self.repotool("promote", self.other, "--component", "extra", "stable")
        self.repotool("verify", "stable", "--full")
        self.key = self.site / "public/keys/stable-key.asc"

    # apt

    def apt(self, kind, components="main extra main-debug", types="deb deb-src"):
        lines = [f"{each} [signed-by={self.key}] {self.web.url}/stable bookworm {components}" for each in types.split()]
        apt = Apt(self.dir / f"apt-{kind}", "\n".join(lines))
        with (apt.dir / "apt.conf").open("a") as conf:
            conf.write(TARGETS + f'Acquire::CompressionTypes::Order {{ "{kind}"; }};\nAcquire::Languages {{ "en"; }};\n')
        return apt

    def check_apt(self, kind):
        apt = self.apt(kind)
        self.web.forget_requests()
        output = apt.update()
        self.assertNotRegex(output.out + output.err, "(?m)^[WEN]: ")
        release = read_release(FileSource(self.site / "public"), "stable", "bookworm")
        listed = [line.split() for line in release["SHA512"].splitlines() if line.strip()]
        digests = {path.rsplit("/", 1)[1] for _, path in self.web.requests() if "/by-hash/SHA512/" in path}
        self.assertEqual({digest for digest in digests if digest not in [entry[0] for entry in listed]}, set())
        fetched = {path for digest, _, path in listed if digest in digests}
        self.assertLessEqual({f"main/{name}.{kind}" for name in (
            "binary-amd64/Packages", "source/Sources", "Contents-amd64", "i18n/Translation-en",
            "debian-installer/binary-amd64/Packages")} | {f"extra/binary-amd64/Packages.{kind}"}, fetched)
        self.assertEqual([path for path in fetched if not path.endswith(kind)], [], "nothing but what was asked for")
        self.assertEqual(apt.names(), ["app", "app-dbgsym", "more", "tool"])
        shown = run(["apt-cache", "show", "app"], env=apt.env).out
        self.assertIn("Description-en: a package of the tests\n Made at test time.\n .\n It installs one file.", shown)
        self.assertEqual(set(apt.download("app", "app-dbgsym", "more")),
                         {sha256(path) for path in (self.debs[0], self.debs[2], self.other, self.upload.debs[0])})
        result = run(["apt-get", "source", "tool"], env=apt.env, cwd=apt.dir)
        self.assertEqual(result.code, 0, result)
        files = run(["apt-get", "indextargets", "--format", "$(FILENAME)", "Created-By: Contents-deb"], env=apt.env).out
        contents = "".join(run(["/usr/lib/apt/apt-helper", "cat-file", name], env=apt.env).out for name in files.split())
        self.assertIn("usr/share/app-1.0-1/content misc/app\n", contents)
        self.assertIn("usr/share/more-1.0-1/content misc/more\n", contents)

    # dnf and zypper

    def check_dnf(self):
        base = f"{self.web.url}/stable/rpm/el9"
        dnf = Dnf(self.dir / "dnf", mirrorlist=f"{base}/x86_64/mirrorlist", key=f"file://{self.key}")
        self.assertEqual(dnf.repoquery(), ["delta-4.0-1.el9.x86_64", "gamma-3.0-1.el9.noarch", "gamma-data-3.0-1.el9.noarch"])
        self.assertEqual(len(dnf.download("delta")), 2)
        self.assertIn("gamma-0:3.0-1.el9.noarch", dnf.run("repoquery", "--advisory=EX-1").out)
        self.assertIn("gamma", dnf.run("group", "info", "greek").out)
        self.assertIn("Letters", dnf.run("module", "info", "letters").out)
        self.assertIn("/usr/share/gamma", dnf.run("repoquery", "-l", "gamma").out, "filelists")
        self.assertIn("made for the tests", dnf.run("repoquery", "--changelog", "gamma").out, "other")
        for name, expected in (("x86_64-debug", ["delta-debuginfo-4.0-1.el9.x86_64"]), ("source", ["gamma-3.0-1.el9.src"])):
            one = Dnf(self.dir / f"dnf-{name}", baseurl=f"{base}/{name}", key=f"file://{self.key}")
            self.assertEqual(one.repoquery(), expected)

    def check_zypper(self):
        zypper = Zypper(self.dir / "zypper", f"{self.web.url}/stable/rpm/el9/x86_64", key=self.key)
        zypper.refresh()
        self.assertEqual(zypper.names(), ["delta", "gamma", "gamma-data"])
        self.assertIn("EX-1", zypper._run([*zypper._command, "list-patches", "--all"], None).out)

    def test_clients_read_every_index_in_gz_xz_and_zst(self):
        self.serve("[xz, gz, zst]")
        for kind in ("gz", "xz", "zst"):
            with self.subTest(kind):
                self.check_apt(kind)
        self.check_dnf()
        self.check_zypper()

    def test_a_tree_of_createrepo_keeps_what_its_repomd_lists(self):
        """Types that nobody knows, under names that tell nothing; all of it where the packages beside it go."""
        tree = self.dir / "tree"
        tree.mkdir()
        for path in self.rpms:
            shutil.copy(path, tree)
        subprocess.run(["createrepo_c", "-q", tree], check=True, stdin=subprocess.DEVNULL)
        for kind, options in (("productid", "--no-compress"), ("appstream", "--compress"), ("prestodelta", "--compress")):
            path = self.dir / f"the-{kind}.txt"
            path.write_text(f"made of {kind}\n")
            subprocess.run(["modifyrepo_c", f"--mdtype={kind}", options, path, tree / "repodata"], check=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        (tree / "repodata/comps.xml").write_text("left behind by another run")
        self.write_config("""
dists:
  - {name: el8, format: rpm, architectures: [x86_64], match: ["*.el8"]}
  - {name: el9, format: rpm, architectures: [x86_64], match: ["*.el9"]}
repositories: {stable: {sign: none}, next: {sign: none}}
""")
        self.publish("next", tree)
        self.repotool("promote", "next", "stable")
        repodata = self.site / "public/stable/rpm/el9/x86_64/repodata"
        records = {data.get("type"): data.find(f"{REPO}location").get("href") for data in
                   elements.fromstring((repodata / "repomd.xml").read_text()).iter(f"{REPO}data")}
        self.assertEqual(sorted(records), ["appstream", "filelists", "other", "primary", "productid"])
        for kind in ("productid", "appstream"):
            self.assertEqual((repodata.parent / records[kind]).read_text(), f"made of {kind}\n")
        self.repotool("verify", "stable", "--full")

    def test_metadata_that_cannot_be_merged_is_never_replaced_in_silence(self):
        self.write_config("dists:\n  - {name: el9, format: rpm, architectures: [x86_64]}\n"
                          "repositories: {stable: {sign: none}}\n")
        one, two = self.dir / "one", self.dir / "two"
        one.write_text("one\n")
        two.write_text("two\n")
        answer = self.publish("stable", *self.rpms, "--repodata", f"productid={one}")
        self.assertEqual(answer["metadata"], [{"dist": "el9", "type": "productid", "action": "added"}])
        both = self.repotool("publish", "--to", "stable", "--repodata", f"productid={one}", "--repodata", f"productid={two}", code=3)
        self.assertRegex(both.err, f"'{two}'.* and so is '{one}' with other content")
        shown = self.repotool("publish", "--to", "stable", "--repodata", f"productid={two}").out
        self.assertIn("1 metadata change", shown.splitlines()[0])
        self.assertIn("\n  ~ rpm metadata productid replaced (el9)\n", shown)
        self.assertNotIn("metadata", self.publish("stable", "--repodata", f"productid={two}"))
        back = self.repotool("--json", "rollback", "stable", "--dry-run").json
        self.assertEqual(back["metadata"], [{"dist": "el9", "type": "productid", "action": "replaced"}])
        self.publish("stable", "--repodata", f"other-type={one}")
        self.assertIn("\n  - rpm metadata other-type removed (el9)\n", self.repotool("rollback", "stable").out)

    def test_clients_of_rpm_read_zst(self):
        self.serve("[zst]")
        self.check_dnf()
        self.check_zypper()


if __name__ == "__main__":
    main()
