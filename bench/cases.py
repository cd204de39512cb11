# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured: the cases, their sizes, who takes part, and what is asked of us."""

import dataclasses

import mirrors
import ours
import peers_deb
import peers_rpm
import signing

PEER_LIMIT = 50_000  # the largest size at which peers run: their time grows with it, and ours is what has to be shown at 100,000


@dataclasses.dataclass
class Contestant:
    side: object
    action: str  # the method of the side
    limit: int = PEER_LIMIT


@dataclasses.dataclass
class Target:
    """What the median at `packages` must be: at most so many seconds or KiB, and at least so many times faster than a peer."""

    packages: int
    seconds: float = None
    peak_kib: int = None
    faster_than: dict = dataclasses.field(default_factory=dict)  # name of a side: ratio


@dataclasses.dataclass
class Case:
    name: str
    title: str
    sizes: tuple
    contestants: list  # ours first
    more: int = 0  # packages that it has afterwards, beyond its size
    quick_sizes: tuple = (1000, 5000)
    target: Target = None
    from_files: bool = False  # begins with an empty directory and not with a clone
    memory: bool = False  # the memory of all processes together is sampled, which costs time: the clock does not count


GROWTH = (1000, 10_000, 50_000, 100_000)
NO_LIMIT = 10**9


def us(kind, binaries, action, variant=ours.Repotool, **options):
    return Contestant(variant(kind, binaries, **options), action, NO_LIMIT)


def _adding(binaries, signed):
    return [
        Case("rpm-add", "RPM: one package more", GROWTH,
             [us("rpm", binaries, "add"), Contestant(peers_rpm.CreaterepoC(), "add")], 1,
             target=Target(50_000, 0.5, None, {"createrepo_c": 50})),
        Case("deb-add", "DEB: one package more", GROWTH,
             [us("deb", binaries, "add"), Contestant(peers_deb.Aptly(), "add"), Contestant(peers_deb.AptlyWithoutBzip2(), "add"),
              Contestant(peers_deb.Reprepro(), "add"), Contestant(peers_deb.AptFtparchive(), "add")], 1,
             target=Target(50_000, 0.35, None, {"aptly": 30, "reprepro": 5})),
        Case("rpm-add-after-all", "RPM: one package more, after a publish of all", (50_000,), [us("rpm", binaries, "add", ours.AfterAll)], 1,
             target=Target(50_000, 0.5)),
        Case("deb-add-after-all", "DEB: one package more, after a publish of all", (50_000,), [us("deb", binaries, "add", ours.AfterAll)], 1,
             target=Target(50_000, 0.35)),
        Case("both-add", "both formats, one package more of each, signed", (10_000, 50_000),
             [Contestant(signed, "add", NO_LIMIT)], 2, target=Target(50_000, 1.0)),
        Case("rpm-nothing", "RPM: nothing to do", (50_000,),
             [us("rpm", binaries, "nothing"), Contestant(peers_rpm.CreaterepoC(), "nothing")], target=Target(50_000, 0.1)),
        Case("deb-nothing", "DEB: nothing to do", (50_000,),
             [us("deb", binaries, "nothing"), Contestant(peers_deb.Aptly(), "nothing"), Contestant(peers_deb.Reprepro(), "nothing"),
              Contestant(peers_deb.AptFtparchive(), "nothing")], target=Target(50_000, 0.1)),
    ]


def _building(binaries):
    return [
        Case("rpm-build", "RPM: all packages from files", (10_000,),
             [us("rpm", binaries, "build", adopt=True), us("rpm", binaries, "build"), Contestant(peers_rpm.CreaterepoC(), "build")],
             quick_sizes=(1000,), target=Target(10_000, None, None, {"createrepo_c": 1.5}), from_files=True),
        Case("deb-build", "DEB: all packages from files", (10_000,),
             [us("deb", binaries, "build", adopt=True), us("deb", binaries, "build"), Contestant(peers_deb.Aptly(), "build"),
              Contestant(peers_deb.Reprepro(), "build"), Contestant(peers_deb.AptFtparchive(), "build")],
             quick_sizes=(1000,), target=Target(10_000, None, None, {"apt-ftparchive packages": 1, "reprepro": 1, "aptly": 3}),
             from_files=True),
    ]


def _moving(binaries):
    half = Target(50_000, 0.5)
    return [
        Case("rpm-rollback", "RPM: rollback", (50_000,), [us("rpm", binaries, "roll_back")], target=half, quick_sizes=(5000,)),
        Case("deb-rollback", "DEB: rollback", (50_000,),
             [us("deb", binaries, "roll_back")], target=half, quick_sizes=(5000,)),
        Case("rpm-promote", "RPM: promote one new package into a repository of the others", (50_000,),
             [us("rpm", binaries, "promote", ours.Promoted)], 1, target=half, quick_sizes=(5000,)),
        Case("deb-promote", "DEB: promote one new package, beside aptly's publish switch", (50_000,),
             [us("deb", binaries, "promote", ours.Promoted), Contestant(peers_deb.Aptly(), "switch")], 1, target=half,
             quick_sizes=(5000,)),
        Case("rpm-promote-all", "RPM: promote all into an empty repository", (50_000,),
             [us("rpm", binaries, "promote_all", ours.PromotedWhole)], target=half, quick_sizes=(5000,)),
        Case("deb-promote-all", "DEB: promote all into an empty repository", (50_000,),
             [us("deb", binaries, "promote_all", ours.PromotedWhole)], target=half, quick_sizes=(5000,)),
        Case("deb-gc", "DEB: gc of 1,000 packages", (50_000,), [us("deb", binaries, "collect", ours.Shrunk)], -ours.REMOVED,
             target=Target(50_000, 2.0), quick_sizes=(5000,)),
        Case("rpm-gc", "RPM: gc of 1,000 packages", (50_000,), [us("rpm", binaries, "collect", ours.Shrunk)], -ours.REMOVED,
             target=Target(50_000, 2.0), quick_sizes=(5000,)),
    ]


def _remembering(binaries):
    limit = Target(100_000, None, 128 * 1024)
    return [
        Case("rpm-memory", "RPM: memory of one package more", (50_000, 100_000),
             [us("rpm", binaries, "add"), Contestant(peers_rpm.CreaterepoC(), "add")], 1, (5000,), limit, memory=True),
        Case("deb-memory", "DEB: memory of one package more", (50_000, 100_000),
             [us("deb", binaries, "add"), Contestant(peers_deb.Aptly(), "add"), Contestant(peers_deb.Reprepro(), "add")], 1, (5000,),
             limit, memory=True),
        Case("rpm-build-memory", "RPM: memory of a full build", (100_000,), [us("rpm", binaries, "build")], 0, (5000,), limit, True, True),
        Case("deb-build-memory", "DEB: memory of a full build", (100_000,), [us("deb", binaries, "build")], 0, (5000,), limit, True, True),
    ]


def _signing(keys):
    return [Case(f"rpm-sign-{key.algorithm}", f"RPM: signatures in packages, {key.algorithm}", (200,),
                 [Contestant(signing.Reposign(key), "sign"), Contestant(signing.RpmSign(key), "sign")], quick_sizes=(200,),
                 # RSA takes gpg-agent, which signs one at a time, nearly all of the time of both.
                 target=Target(200, None, None, {"rpmsign --addsign": 3}) if key.algorithm == "ed25519" else None, from_files=True)
            for key in keys]


def _following(binaries):
    return [Case(f"{kind}-mirror", f"{kind.upper()}: a mirror follows a change of 5 packages", (50_000,),
                 [Contestant(mirrors.Mirrorsync(kind, binaries), "add"), Contestant(mirrors.RsyncLinkDest(kind, binaries), "add")], 5,
                 target=Target(50_000, None, None, {"rsync --link-dest": 10}))
            for kind in ("rpm", "deb")]


def all_cases(binaries, home):
    """The cases and their keys. `binaries`: where the programs are; `home`: where the keys may be made."""
    keys = [signing.Key(home, binaries, algorithm) for algorithm in ("ed25519", "rsa4096")]
    signed = ours.Signed("both", binaries, keys[0])
    return [*_adding(binaries, signed), *_building(binaries), *_moving(binaries), *_remembering(binaries), *_following(binaries), *_signing(keys)], keys
