"""Decide whether every version that one range of versions admits lies inside another (PEP 440).

`packaging` answers for a single version. The answers for all versions follow from a few: between two
versions that the specifiers mention, each specifier says the same of all. So it is enough to ask about

- each mentioned version, and the ends of what `==1.4.*` and `~=1.4.2` mean;
- for each of these releases a pre-release, a development release and a post-release, and the neighbours of
  those that are mentioned, since `<1.7`, `>1.7` and `==1.7` each treat them in a way of their own;
- one version between each two releases (1.7.0.1 stands for all between 1.7 and the next), one below and
  one above all, and one of a later epoch.

Local versions (1.7+cu118) are left out, unless they are mentioned: no index has them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

#: No range that a person wrote needs more; a hostile one could need millions.
_MAX_PROBES = 50_000
#: Each takes microseconds; the product, of both being many, would take minutes.
_MAX_COMPARISONS = 200_000


def outside(declared: SpecifierSet, allowed: Sequence[SpecifierSet]) -> Version | None:
    """The plainest version that the first admits and none of the others does; None when there is none.

    Pre-releases count only where the first mentions one: nobody gets one otherwise. Raises ValueError where
    that cannot be decided: too many versions, or `===` with a text that is no version.
    """
    with_previews = bool(declared.prereleases)
    probes = _probes((declared, *allowed))
    if len(probes) * (1 + len(allowed)) > _MAX_COMPARISONS:
        raise ValueError("too many ranges are to be compared")
    found = [
        version
        for version in probes
        if declared.contains(version, prereleases=with_previews)
        and not any(one.contains(version, prereleases=True) for one in allowed)
    ]
    return min(found, key=_plainness, default=None)


def major(number: int) -> SpecifierSet:
    """All versions of one major version."""
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(f"=={number}.*")


def spelled(versions: SpecifierSet) -> str:
    """A range as people write it, lower end first; empty for any version."""
    order = (">=", ">", "~=", "==", "===", "!=", "<=", "<")
    return ",".join(map(str, sorted(versions, key=lambda one: (order.index(one.operator), one.version))))


def _plainness(version: Version) -> tuple[bool, bool, int, int, Version]:
    marked = version.is_prerelease or version.is_postrelease or version.local is not None
    return marked, version.is_devrelease, version.epoch, len(version.release), version


@dataclass
class _Release:
    """A release number, and which of its pre-, post- and development releases are mentioned."""

    epoch: int
    numbers: tuple[int, ...]
    pre: set[tuple[str, int]] = field(default_factory=set)
    post: set[int] = field(default_factory=set)
    dev: set[int] = field(default_factory=set)

    def versions(self) -> Iterator[str]:
        number = f"{self.epoch}!" + ".".join(map(str, self.numbers))
        previews = {("a", 0), *((kind, near) for kind, one in self.pre for near in _near(one))}
        pres = ["", *(f"{kind}{one}" for kind, one in sorted(previews))]
        posts = ["", *(f".post{one}" for one in sorted({0, *_all_near(self.post)}))]
        devs = ["", *(f".dev{one}" for one in sorted({0, *_all_near(self.dev)}))]
        for pre, post, dev in itertools.product(pres, posts, devs):
            yield number + pre + post + dev


def _near(number: int) -> range:
    return range(max(number - 1, 0), number + 2)


def _all_near(numbers: Iterable[int]) -> set[int]:
    return {near for number in numbers for near in _near(number)}


def _probes(ranges: Iterable[SpecifierSet]) -> list[Version]:
    from packaging.version import Version

    mentioned = list(_mentioned(ranges))
    releases: dict[tuple[int, tuple[int, ...]], _Release] = {}
    for version in mentioned:
        one = _release(releases, version.epoch, version.release)
        one.pre |= {version.pre} if version.pre is not None else set()
        one.post |= {version.post} if version.post is not None else set()
        one.dev |= {version.dev} if version.dev is not None else set()
    for epoch, numbers in list(releases):
        _release(releases, epoch, numbers[:1])
        _release(releases, epoch, ((numbers or (0,))[0] + 1,))
        _release(releases, epoch + 1, (0,))
    longest = max(len(numbers) for _, numbers in releases)
    for epoch, numbers in list(releases):
        padded = numbers + (0,) * (longest - len(numbers))
        _release(releases, epoch, (*padded, 1))
    texts = list(
        itertools.islice((text for one in releases.values() for text in one.versions()), _MAX_PROBES)
    )
    if len(texts) == _MAX_PROBES:
        raise ValueError("the ranges mention too many versions")
    return [*mentioned, *map(Version, texts)]


def _release(
    releases: dict[tuple[int, tuple[int, ...]], _Release], epoch: int, numbers: tuple[int, ...]
) -> _Release:
    while numbers and numbers[-1] == 0:  # 1.7 and 1.7.0 are one release
        numbers = numbers[:-1]
    return releases.setdefault((epoch, numbers), _Release(epoch, numbers or (0,)))


def _mentioned(ranges: Iterable[SpecifierSet]) -> Iterator[Version]:
    """The versions that the specifiers name, and the ends of those that stand for a series."""
    from packaging.version import InvalidVersion, Version

    yield Version("0")
    for one in itertools.chain.from_iterable(ranges):
        text = one.version.removesuffix(".*")
        try:
            version = Version(text)
        except InvalidVersion as error:
            raise ValueError(f"{one} compares text, not versions") from error
        yield version
        series = version.release if text != one.version else version.release[:-1]
        if (text != one.version or one.operator == "~=") and series:
            yield Version(f"{version.epoch}!" + ".".join(map(str, (*series[:-1], series[-1] + 1))))
