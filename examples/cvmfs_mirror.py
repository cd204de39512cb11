#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mirror in a CVMFS repository, looked after on its release manager. In mirrors.yaml:

    mirrors:
      - {name: cvmfs, target: "exec:/usr/local/lib/cvmfs_mirror.py packages.example.org", exec: {timeout: 1h}}

mirrorsync runs it once for each step, with the step's verb as the last argument and one JSON document on standard
input; it answers with one on standard output (docs/FORMAT.md, 12.4). Each change is one CVMFS transaction:

    stage    transaction, copy, publish: new content is readable by every client, and nothing that they ask for names it
    flip     transaction, another symlink, publish
    abort    transaction, what stage made goes, publish
    retire   the same with what is old; nothing is opened where nothing is due

A copy that fails ends with `cvmfs_server abort`: clients see nothing of it. A transaction that a killed run left open is
aborted by the next one. What the mirror was told is remembered in .mirrorsync/ in the repository itself, so it is
published, and taken back, together with the content.
"""

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

CONFLICT, STORAGE, NETWORK, INTEGRITY = 6, 7, 8, 9  # exit codes: README.md of repotool


def fail(code, text):
    print(text, file=sys.stderr)
    sys.exit(code)


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


class Repository:
    """A CVMFS repository: changed in transactions, one at a time."""

    def __init__(self, name, mount, spool):
        self.name = name
        self.root = pathlib.Path(mount, name)
        spool = pathlib.Path(spool)
        spool.mkdir(parents=True, exist_ok=True)
        self.is_open = spool / f"{name}.open"  # there while a transaction of ours is open
        self.lock = open(spool / f"{name}.lock", "w", encoding="utf-8")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        if self.is_open.exists():
            self.server("abort", "-f")
            self.is_open.unlink()

    def server(self, *words):
        done = subprocess.run(["cvmfs_server", *words, self.name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            said = done.stdout.strip().splitlines() or ["nothing"]
            fail(CONFLICT if words[0] == "transaction" else NETWORK, f"cvmfs_server {words[0]}: {said[-1]}")

    @contextlib.contextmanager
    def transaction(self):
        self.server("transaction")
        self.is_open.touch()
        try:
            yield
            self.server("publish")
        except BaseException:
            self.server("abort", "-f")
            raise
        finally:
            self.is_open.unlink(missing_ok=True)


class Mirror:
    """A tree of repotool in it, and what is remembered of each of its repositories."""

    def __init__(self, repository):
        self.cvmfs = repository
        self.root = repository.root
        self.notes = self.root / ".mirrorsync" / "state.json"
        self.known = json.loads(self.notes.read_text()) if self.notes.exists() else {}

    def of(self, name):
        return self.known.setdefault(name, {"highest": None, "unfinished": {}, "left": {}})

    def remember(self):
        self.notes.parent.mkdir(exist_ok=True)
        new = self.notes.with_suffix(".new")
        new.write_text(json.dumps(self.known, sort_keys=True))
        new.rename(self.notes)

    def current(self, name):
        """What clients see, as the manifest says it."""
        try:
            text = (self.root / name / "MANIFEST").read_bytes()
        except OSError:
            return None
        manifest = json.loads(text)
        return {"epoch": manifest["epoch"], "generation": manifest["generation"],
                "manifest": hashlib.sha256(text).hexdigest()}

    # ---- files

    def copy(self, source, path):
        """False where it is there already: content keeps its name for ever, and verify hashes it."""
        target = self.root / path
        if target.exists():
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        new = target.with_name("." + target.name + ".new")
        shutil.copyfile(source, new)
        shutil.copystat(source, new)
        new.chmod(0o644)
        new.rename(target)
        return True

    def remove(self, paths):
        """Files, symlinks or whole generations; directories that get empty go as well. How many were there, and bytes."""
        count = size = 0
        for path in paths:
            target = self.root / path
            if not os.path.lexists(target):
                continue
            if target.is_dir() and not target.is_symlink():
                shutil.rmtree(target)
            else:
                size += target.lstat().st_size
                count += 1
                target.unlink()
            parent = target.parent
            while parent != self.root and not any(parent.iterdir()):
                parent.rmdir()
                parent = parent.parent
        return count, size

    def point(self, path, target):
        """Never without a name: another symlink beside it takes its place."""
        link = self.root / path
        link.parent.mkdir(parents=True, exist_ok=True)
        new = link.with_name("." + link.name + ".new")
        new.unlink(missing_ok=True)
        new.symlink_to(target)
        new.rename(link)

    def note_of(self, digest):
        """Which path a package has: a purge names digests."""
        return self.root / ".mirrorsync" / "packages" / digest[:2] / digest

    # ---- the steps

    def state(self, question):
        one = self.of(question["repository"])
        return {"current": self.current(question["repository"]), "highest": one["highest"],
                "unfinished": [{**entry["version"], "prepared": True} for entry in one["unfinished"].values()]}

    def stage(self, question):
        one = self.of(question["repository"])
        made = []
        with self.cvmfs.transaction():
            for file in question["files"] + question["expected"]:
                if self.copy(os.path.join(question["source"], file["path"]), file["path"]):
                    made.append(file["path"])
                if file["path"].startswith("pool/"):
                    note = self.note_of(file["sha256"])
                    note.parent.mkdir(parents=True, exist_ok=True)
                    note.write_text(file["path"])
            for link in question["links"]:
                if not os.path.lexists(self.root / link["path"]):
                    self.point(link["path"], link["target"])
                    made.append(link["path"])
            for key in question["keys"]:
                (self.root / key).unlink(missing_ok=True)
                self.copy(os.path.join(question["source"], key), key)
            if not (self.root / question["generation"]).exists():
                shutil.copytree(question["tree"], self.root / question["generation"], symlinks=True)
                made.append(question["generation"])
            named = {file["path"] for file in question["files"]}
            for left in one["left"].values():  # what comes back is wanted again
                left["files"] = [path for path in left["files"] if path not in named]
            one["unfinished"][question["transaction"]["manifest"]] = {
                "version": question["transaction"], "made": made, "dropped": question["dropped"], "before": None, "canary": False}
            self.remember()
        return {}

    def verify(self, question):
        for file in question["files"]:
            path = self.root / file["path"]
            if not path.is_file() or path.stat().st_size != file["size"] or sha256(path) != file["sha256"]:
                fail(INTEGRITY, f"{path} has not the digest {file['sha256']}")
        for file in question["expected"]:
            path = self.root / file["path"]
            if not path.is_file() or path.stat().st_size != file["size"]:
                fail(INTEGRITY, f"{path} is not there with {file['size']} bytes")
        for link in question["links"]:
            if not (self.root / link["path"]).is_symlink() or os.readlink(self.root / link["path"]) != link["target"]:
                fail(INTEGRITY, f"{self.root / link['path']} is no symlink to {link['target']}")
        manifest = self.root / question["generation"] / "MANIFEST"
        if not manifest.is_file() or sha256(manifest) != question["transaction"]["manifest"]:
            fail(INTEGRITY, f"{manifest} is not that of the transaction")
        return {}

    def flip(self, question):
        name, version = question["repository"], question["transaction"]
        one = self.of(name)
        entry = one["unfinished"].get(version["manifest"])
        if entry is None and self.current(name) != version:
            fail(CONFLICT, "nothing of it is staged")
        with self.cvmfs.transaction():
            before = self.current(name)
            if before != version:
                entry["before"] = before and before["generation"]
                entry["canary"] = question["canary"]
                self.point(question["link"]["path"], question["link"]["target"])
            if not question["canary"]:
                one["highest"] = version
                entry = one["unfinished"].pop(version["manifest"], None)
                if entry and entry["before"]:
                    one["left"][str(entry["before"])] = {"since": time.time(), "files": entry["dropped"]}
            self.remember()
        return {}

    def abort(self, question):
        name, version = question["repository"], question["transaction"]
        one = self.of(name)
        with self.cvmfs.transaction():
            entry = one["unfinished"].pop(version["manifest"])
            keeps = question["keep_content"] or entry["canary"]
            if entry["canary"] and self.current(name) == version:
                if entry["before"]:
                    climb = "../" * name.count("/")
                    self.point(name, f"{climb}gen/{name}/{entry['before']}")
                else:
                    (self.root / name).unlink()
            if keeps:
                one["left"][str(version["generation"])] = {"since": time.time(), "files": entry["made"]}
            else:
                self.remove(entry["made"])
            self.remember()
        return {}

    def retire(self, question):
        now = time.time()
        plan = [self.due(name, question, now) for name in list(self.known)]
        purged = []
        for digest in question["purged"]:
            if (note := self.note_of(digest)).exists():
                purged.append((note, note.read_text()))
        answer = {"generations": 0, "package_files": 0, "metadata_files": 0, "purged_files": 0, "bytes": 0}
        if not purged and not any(generations or files for _, generations, files in plan):
            return answer
        with self.cvmfs.transaction():
            for name, generations, files in plan:
                one = self.of(name)
                # Older generations may name what was purged.
                if any(path.startswith(f"pool/{name}/") for _, path in purged):
                    current = self.current(name)
                    generations = [number for number in one["left"] if not current or number != str(current["generation"])]
                self.remove(f"gen/{name}/{number}" for number in generations)
                answer["generations"] += len(generations)
                for kind in ("package", "metadata"):
                    count, size = self.remove(path for path in files if path.startswith("pool/") == (kind == "package"))
                    answer[f"{kind}_files"] += count
                    answer["bytes"] += size
                gone = set(files)
                for left in one["left"].values():
                    left["files"] = [path for path in left["files"] if path not in gone]
                one["left"] = {number: left for number, left in one["left"].items()
                               if left["files"] or (self.root / f"gen/{name}/{number}").exists()}
            for note, path in purged:
                count, size = self.remove([path])
                note.unlink()
                answer["purged_files"] += count
                answer["package_files"] += count
                answer["bytes"] += size
            self.remember()
        return answer

    def due(self, name, question, now):
        """Generations of it, and files that only they named, whose grace is over."""
        left = self.of(name)["left"]
        current = self.current(name)
        newest = sorted({int(number) for number in left} | ({current["generation"]} if current else set()))
        kept = {str(number) for number in newest[-max(1, question["keep_generations"]):]}
        generations, files = [], []
        for number, entry in left.items():
            age = now - entry["since"]
            if number in kept or age < question["grace"]["metadata"]:
                continue
            if (self.root / f"gen/{name}/{number}").exists():
                generations.append(number)
            for path in entry["files"]:
                if not path.startswith("pool/") or age >= question["grace"]["packages"]:
                    files.append(path)
        return name, generations, files


def main():
    parser = argparse.ArgumentParser(description="A hook of mirrorsync for CVMFS release managers.")
    parser.add_argument("--mount", default="/cvmfs", help="where repositories are mounted")
    parser.add_argument("--spool", default="/var/spool/mirrorsync", help="for a lock and a mark while a transaction is open")
    parser.add_argument("repository")
    parser.add_argument("verb", choices=("state", "stage", "verify", "flip", "abort", "retire"))
    options = parser.parse_args()
    question = json.load(sys.stdin)
    try:
        mirror = Mirror(Repository(options.repository, options.mount, options.spool))
        answer = getattr(mirror, options.verb)(question)
    except OSError as error:
        fail(STORAGE, f"{error.filename}: {error.strerror}")
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
