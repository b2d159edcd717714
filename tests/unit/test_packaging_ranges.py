"""Whether one range of versions lies inside another: a few versions answer for all."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from certify.repository.project.ranges import major, outside, spelled


@pytest.mark.parametrize(
    ("declared", "allowed", "witness"),
    [
        (">=2.31,<3", [">=2.31,<3"], None),
        (">=2.31", [">=2.31,<3"], "3"),
        ("", ["<3"], "3"),
        ("", [""], None),
        ("==1.4.2", [">=1,<2"], None),
        ("==2", [">=1,<2"], "2"),
        ("~=1.4.2", ["==1.4.*"], None),
        ("~=1.4", ["==1.4.*"], "1.5"),
        ("==1.*", ["~=1.0"], None),
        (">=1.4,<1.5", ["~=1.4.0"], None),
        (">1.7", ["!=1.7.post1"], None),
        (">=1.7", ["!=1.7.post1"], "1.7.post1"),
        ("<=1.7", ["<1.7"], "1.7"),
        (">=1", ["<2", ">=2"], None),
        (">=1", ["<2", ">2"], "2"),
        (">=1,<4", ["<2", ">=3"], "2"),
        (">=2,<1", ["==9"], None),
        (">=1,!=1.5,<2", [">=1,<1.5", ">1.5,<2"], "1.5.post0"),
        (">=1!1", [">=1"], None),
        (">=1", ["<1!0"], "1!0"),
        # Nobody gets a pre-release who does not name one.
        (">=1,<2", [">=1,!=1.5rc1,<2"], None),
        (">=1.0rc1,<2", [">=1,<2"], "1rc1"),
        (">=1.0.dev3,<2", [">=1.0.dev3,<2"], None),
        ("==1.0+cpu", ["==1.1"], "1.0+cpu"),
        ("===1.0", [">=1,<2"], None),
        ("===1.0", [">=2"], "1.0"),
    ],
)
def test_the_plainest_version_that_is_let_through_is_named(
    declared: str, allowed: list[str], witness: str | None
) -> None:
    found = outside(SpecifierSet(declared), [SpecifierSet(one) for one in allowed])
    assert found == (None if witness is None else Version(witness))


@pytest.mark.parametrize(
    ("declared", "number", "witness"),
    [
        (">=0.2,<1", 0, None),
        (">=0.2", 0, "1"),
        (">=1.5,<3", 2, "1.5"),
        ("~=4.1", 4, None),
        ("==4.*", 4, None),
    ],
)
def test_a_major_version_ends_before_the_next(declared: str, number: int, witness: str | None) -> None:
    found = outside(SpecifierSet(declared), [major(number)])
    assert found == (None if witness is None else Version(witness))


def test_text_that_is_no_version_cannot_be_decided() -> None:
    with pytest.raises(ValueError, match="compares text"):
        outside(SpecifierSet("===latest"), [SpecifierSet(">=1")])


def test_a_hostile_range_is_refused_and_not_computed_for_ever() -> None:
    many = ",".join(f"!=1.{number}rc{number}.post{number}.dev{number}" for number in range(400))
    with pytest.raises(ValueError, match="too many"):
        outside(SpecifierSet(many), [SpecifierSet(many)])


def test_a_range_is_spelled_lower_end_first() -> None:
    assert spelled(SpecifierSet("<3,!=2.5,>=2")) == ">=2,!=2.5,<3"


#: Every version with small numbers, each with marks: what brute force goes through.
_RELEASES = ["0", "1", "1.0.1", "1.1", "1.1.1", "1.2", "1.2.3", "2", "2.0.1", "2.1", "3", "3.1", "1!0", "1!1"]
_MARKS = ["", "a1", "rc1", "rc2", ".dev1", "rc1.dev1", "rc1.post1", ".post1", ".post2", ".post1.dev1"]
EVERY = [Version(number + mark) for number, mark in itertools.product(_RELEASES, _MARKS)]

plain = st.sampled_from(["0", "1", "1.0", "1.1", "1.1.1", "1.2", "2", "2.0", "2.1", "3"])
marked = st.builds(str.__add__, plain, st.sampled_from(["", "", "", "rc1", ".post1", ".dev1", "a1"]))
specifiers = st.one_of(
    st.builds(str.__add__, st.sampled_from([">=", "<=", ">", "<", "==", "!="]), marked),
    st.builds("{}{}.*".format, st.sampled_from(["==", "!="]), plain),
    st.builds("~={}".format, plain.filter(lambda text: "." in text)),
)
ranges = st.lists(specifiers, max_size=3).map(",".join)


@given(ranges, st.lists(ranges, min_size=1, max_size=2))
@example(">1.1", ["!=1.1.post1"])
@example("<2rc1", ["<2"])
@settings(max_examples=250)
def test_it_agrees_with_brute_force(declared: str, allowed: list[str]) -> None:
    """Nothing that brute force finds is missed, and what is named is let through indeed."""
    one, others = SpecifierSet(declared), [SpecifierSet(text) for text in allowed]
    previews = bool(one.prereleases)

    def is_let_through(version: Version) -> bool:
        return one.contains(version, prereleases=previews) and not any(
            other.contains(version, prereleases=True) for other in others
        )

    found = outside(one, others)
    assert found is None or is_let_through(found)
    assert found is not None or not [version for version in EVERY if is_let_through(version)]
