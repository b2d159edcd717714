"""A timeline is laid out so that nothing in it covers anything else."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.model import Moment, MomentKind, Timeline
from certify_reports.html.swimlanes import Swimlanes, in_words, swimlanes
from tests.unit.report_samples import unhurried

ASKED = "GET /v1/orders"
HOST = "api.demo.example"
#: A little less than a letter of the drawing's font takes.
LETTER = 7.2


def asked(at: float, answer: str, text: str = ASKED, host: str = HOST) -> Moment:
    return Moment(at, MomentKind.REQUEST, text, host, answer)


def waited(at: float, seconds: float) -> Moment:
    return Moment(at, MomentKind.WAIT, "sleep", seconds=seconds)


def ended(at: float, text: str = "success with 14 of 14 rows") -> Moment:
    return Moment(at, MomentKind.END, text)


def a_story(*moments: Moment, left_out: int = 0) -> Timeline:
    return Timeline("a fault at request 1, once", moments, left_out)


def test_a_request_goes_down_and_its_answer_comes_back() -> None:
    drawn = swimlanes(a_story(asked(0, "429, retry-after: 7"), waited(0, 7), asked(7, "200"), ended(7)))
    refused, answered = drawn.asks
    assert [line.text for line in refused.answer] == ["429", "retry-after: 7"]
    assert (refused.plain, answered.plain) == (False, True)
    assert refused.back is not None
    assert refused.x < refused.back < drawn.waits[0].x < answered.x < drawn.end.x
    assert [tick.text for tick in drawn.ticks] == ["0 s", "7 s"]
    assert drawn.ticks[1].x == pytest.approx(answered.x, abs=1)


def test_what_is_asked_is_said_when_it_changes() -> None:
    texts = [
        one.asked and one.asked.text
        for one in swimlanes(
            a_story(asked(0, "200"), asked(0, "200"), asked(0, "200", "GET /v2/orders"), ended(0))
        ).asks
    ]
    assert texts == [ASKED, None, "GET /v2/orders"]


def test_each_host_has_a_lane() -> None:
    drawn = swimlanes(a_story(asked(0, "302"), asked(0, "200", host="cdn.demo.example"), ended(0)))
    assert [lane.text for lane in drawn.lanes] == ["connector", HOST, "cdn.demo.example"]
    assert [one.host_y for one in drawn.asks] == [drawn.lanes[1].y, drawn.lanes[2].y]


@pytest.mark.parametrize("answer", ["", "nothing"])
def test_what_is_never_answered_has_no_way_back(answer: str) -> None:
    (ask,) = swimlanes(a_story(asked(0, answer), ended(9))).asks
    assert ask.back is None
    assert [line.text for line in ask.answer] == ["no answer"]


def test_a_longer_wait_is_wider_and_one_for_ever_is_marked() -> None:
    waits = swimlanes(a_story(waited(0, 1), waited(1, 60), waited(61, 1e12), ended(61))).waits
    assert waits[0].width < waits[1].width < waits[2].width < 300
    assert [one.ended for one in waits] == [True, True, False]


def test_what_is_left_out_is_counted() -> None:
    more = swimlanes(a_story(asked(0, "200"), ended(0), left_out=12)).left_out
    assert more is not None
    assert more.text == "… 12 more"


def test_words_say_the_same_and_what_repeats_once() -> None:
    story = a_story(
        asked(0, "200"), asked(0, "200"), asked(0, "503"), waited(0, 1), asked(1, "200"), ended(1)
    )
    assert in_words(story) == ["200 ×2", "503", "waits 1 s", "200", "ends: success with 14 of 14 rows"]


_MOMENTS = st.builds(
    Moment,
    st.floats(0, 1e6),
    st.just(MomentKind.REQUEST),
    st.text(max_size=60),
    st.sampled_from([HOST, "cdn.demo.example"]),
    st.sampled_from(
        ["", "200", "503", "429, retry-after: Mon, 05 Oct 2026 06:00:30 GMT", "connection reset"]
    ),
) | st.builds(waited, st.floats(0, 1e6), st.floats(0, 1e12))


@unhurried
@given(st.lists(_MOMENTS, max_size=40), st.integers(0, 3))
def test_no_label_covers_another(moments: list[Moment], left_out: int) -> None:
    in_order = sorted(moments, key=lambda one: one.at)
    drawn = swimlanes(a_story(*in_order, ended(1e6), left_out=left_out))
    for spans in rows_of(drawn):
        for (_, end), (start, _) in pairwise(sorted(spans)):
            assert end <= start + 2
        assert all(start >= 0 and end <= drawn.width + 2 for start, end in spans)


def rows_of(drawn: Swimlanes) -> list[list[tuple[float, float]]]:
    """From where to where there is a label, in each row that several of them share."""
    answers = [line for ask in drawn.asks for line in ask.answer]
    by_height = {
        line.y: [(one.x, one.x + LETTER * len(one.text)) for one in answers if one.y == line.y]
        for line in answers
    }
    asked_for = [(one.asked.x, one.asked.x + LETTER * len(one.asked.text)) for one in drawn.asks if one.asked]
    middles = [
        (one.x + one.width / 2, max(len(one.how_long), len(one.cause)) * LETTER) for one in drawn.waits
    ]
    under = [(middle - wide / 2, middle + wide / 2) for middle, wide in middles]
    ticks = [(one.x, one.x + LETTER * len(one.text)) for one in drawn.ticks]
    return [*by_height.values(), asked_for + under, ticks]
