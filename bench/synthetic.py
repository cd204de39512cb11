# SPDX-License-Identifier: GPL-3.0-or-later
"""What the packages of the benchmark are like: package i depends on (seed, i) alone, so any number of processes may make any part.

The sizes follow what distributions have: most packages are small and a few are large (5 to 60 files, up to 25 dependencies, one to
five paragraphs, up to a dozen changelog entries), few words are frequent and many are rare, and a few packages are what all others
depend on. So indexes compress four to six times. File contents are short: what is measured is a repository, not SHA-256."""

import dataclasses
import itertools
import random

SYLLABLES = ("al an ar ba be bin bo ca cer co da del di do el en er fa fi for ga gen go ha hel in jo ka ker la lib lo ma mer mi mo na "
             "nel no on or pa per pi po qua ra rel ri ro sa ser si so ta tel ti to ul un va ver vi vo wa wel xi ya zen zo").split()
KINDS = (("lib{}{}", "libs"), ("lib{}-dev{}", "libdevel"), ("python3-{}{}", "python"), ("{}-utils{}", "utils"), ("{}{}", "net"),
         ("{}-data{}", "misc"), ("{}-doc{}", "doc"), ("{}-common{}", "admin"))
LICENCES = ("GPL-2.0-or-later", "MIT", "Apache-2.0", "BSD-3-Clause", "LGPL-2.1-or-later", "MPL-2.0")
FOLDERS = ("usr/lib/{0}", "usr/share/{0}", "usr/share/doc/{0}", "usr/share/{0}/locale/de", "usr/include/{0}", "etc/{0}")
ENDINGS = ("so", "py", "h", "html", "png", "mo", "conf", "xml", "json", "txt")
PER_SOURCE = 4  # binary packages of a source package
EPOCH = 1_600_000_000  # seconds; no package is older
SPAN = 100_000_000


@dataclasses.dataclass
class File:
    path: str  # without a leading slash
    mode: int
    content: bytes


@dataclasses.dataclass
class Package:
    name: str
    source: str
    section: str
    version: str
    release: str
    portable: bool  # Architecture: all, noarch
    built: int
    summary: str
    paragraphs: list
    licence: str
    depends: list  # (name of another package, lowest version or None)
    changes: list  # (time, author, text), the newest first
    files: list


def _vocabulary(size=5000):
    source = random.Random("vocabulary")
    return ["".join(source.choices(SYLLABLES, k=source.choice((2, 2, 3, 3, 4)))) for _ in range(size)]


WORDS = _vocabulary()


FREQUENCIES = list(itertools.accumulate(1 / rank for rank in range(1, len(WORDS) + 1)))  # Zipf's law


def _word(source):
    return source.choice(WORDS)


def _sentence(source, least, most):
    return " ".join(source.choices(WORDS, cum_weights=FREQUENCIES, k=source.randint(least, most))).capitalize() + "."


def identity(seed, number):
    """(name, section, version, release) of package `number`, without making the rest of it. The packages of one source package
    share its version."""
    source = random.Random(f"identity {seed} {number}")
    pattern, section = source.choice(KINDS)
    name = pattern.format(_word(source), number)
    source.seed(f"source {seed} {number // PER_SOURCE}")
    version = ".".join(str(source.randint(0, most)) for most in (9, 30, 60)[:source.choice((2, 3, 3))])
    return name, section, version, str(source.randint(1, 12))


def _files(source, name):
    count = min(60, 5 + int(source.expovariate(1 / 12)))
    files = {f"usr/bin/{name}": File(f"usr/bin/{name}", 0o755, b"\x7fELF" + source.randbytes(source.randint(500, 3000))),
             f"usr/share/doc/{name}/copyright": File(f"usr/share/doc/{name}/copyright", 0o644, _sentence(source, 20, 60).encode())}
    while len(files) < count:
        path = f"{source.choice(FOLDERS).format(name)}/{_word(source)}-{len(files)}.{source.choice(ENDINGS)}"
        files[path] = File(path, 0o644, source.randbytes(source.randint(20, 400)))
    return [files[path] for path in sorted(files)]


def _depends(source, seed, number):
    """On packages with lower numbers; a few of them are what everybody depends on."""
    found = {}
    for _ in range(min(25, 1 + int(source.expovariate(1 / 6))) if number else 0):
        other = source.randrange(min(number, 40)) if source.random() < 0.6 else source.randrange(number)
        name, _, version, _ = identity(seed, other)
        found[name] = version if source.random() < 0.4 else None
    return sorted(found.items())


AUTHORS = [f"{first.capitalize()} {last.capitalize()} <{first}@example.org>" for first, last in zip(WORDS[:300], WORDS[300:600])]


def describe(seed, number):
    name, section, version, release = identity(seed, number)
    source = random.Random(f"content {seed} {number}")
    built = EPOCH + source.randrange(SPAN)
    author = AUTHORS[source.randrange(len(AUTHORS))]
    changes = [(built - age * 2_000_000, author, _sentence(source, 5, 16)) for age in range(source.randint(1, 12))]
    return Package(name, f"source{number // PER_SOURCE}", section, version, release, source.random() < 0.3, built, _sentence(source, 3, 8)[:-1],
                   [_sentence(source, 10, 40) for _ in range(source.randint(1, 5))], source.choice(LICENCES),
                   _depends(source, seed, number), changes, _files(source, name))
