"""Lay a timeline out as swim-lanes: the connector above, a lane for each host, virtual time to the right.

Lengths are CSS pixels. Requests take no virtual time and get room for their words; waits grow with the
logarithm of their length, so that a second can be seen beside an hour.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from certify.model import Moment, MomentKind, Timeline
from certify_reports.blocks import clipped
from certify_reports.scenarios import FOR_EVER, before_end, ending, seconds

#: One character of the fixed-width font that labels have.
_LETTER = 7.25
#: Between lanes; of the first lane from the top; between two things on a lane.
_LANE, _TOP, _GAP = 64, 36, 15
#: From a request's arrow to that of its answer, where no word stands between them.
_BACK = 16
#: Characters of a lane's name, a request, a line of an answer, a cause of waiting, an ending.
_HOST, _ASKED, _ANSWER, _CAUSE, _ENDING = 26, 34, 30, 18, 34
#: An answer that is nothing but a status of success or redirection.
_PLAIN = re.compile(r"[23]\d\d")
#: Answers that never came.
_SILENT = ("", "nothing")


@dataclass(frozen=True)
class Words:
    """A label and where it begins."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Ask:
    """A request's arrow down to its host's lane, and the answer's arrow up; without one, `back` is None."""

    x: float
    back: float | None
    host_y: float
    plain: bool
    asked: Words | None
    answer: tuple[Words, ...]


@dataclass(frozen=True)
class Waiting:
    """A stretch of the connector's lane in which it waited; `ended` is False of one that never would."""

    x: float
    width: float
    how_long: str
    cause: str
    ended: bool


@dataclass(frozen=True)
class Swimlanes:
    """A drawing: `lanes` are the names with the height of each, `ticks` the virtual time beneath."""

    width: float
    height: float
    left: float
    lanes: tuple[Words, ...]
    asks: tuple[Ask, ...]
    waits: tuple[Waiting, ...]
    ticks: tuple[Words, ...]
    left_out: Words | None
    end: Words


@dataclass
class _Pen:
    """Goes from left to right, and remembers what was asked last and which time was written last."""

    x: float
    axis: float
    asked: str = ""
    ticks: list[Words] = field(default_factory=list)

    def tick(self, at: float) -> None:
        """Write the time, if it is another and there is room."""
        text = seconds(at)
        room = not self.ticks or self.x >= self.ticks[-1].x + _wide(self.ticks[-1].text) + _GAP / 2
        if room and not (self.ticks and self.ticks[-1].text == text):
            self.ticks.append(Words(round(self.x), self.axis, text))


def swimlanes(timeline: Timeline) -> Swimlanes:
    """The drawing of one scenario."""
    moments = before_end(timeline)
    hosts = list(dict.fromkeys(one.host for one in moments if one.kind is MomentKind.REQUEST))
    names = ["connector", *(clipped(host, _HOST) for host in hosts)]
    lanes = tuple(Words(0, _TOP + _LANE * number, name) for number, name in enumerate(names))
    left = max(_wide(name) for name in names) + _GAP
    pen = _Pen(left + _GAP, lanes[-1].y + 26)
    heights = {host: lane.y for host, lane in zip(hosts, lanes[1:], strict=True)}
    drawn = list(_drawn(moments, pen, heights))
    more = _left_out(timeline, pen)
    pen.tick(max((one.at for one in timeline.moments), default=0.0))
    end = Words(round(pen.x), _TOP, clipped(ending(timeline).partition(":")[0], _ENDING))
    last = _wide(pen.ticks[-1].text) + pen.ticks[-1].x
    return Swimlanes(
        width=round(max(end.x + _GAP + _wide(end.text), last)),
        height=pen.axis + 8,
        left=left,
        lanes=lanes,
        asks=tuple(one for one in drawn if isinstance(one, Ask)),
        waits=tuple(one for one in drawn if isinstance(one, Waiting)),
        ticks=tuple(pen.ticks),
        left_out=more,
        end=end,
    )


def in_words(timeline: Timeline) -> list[str]:
    """The same as a line of text: answers and waits, what repeats said once."""
    told: list[tuple[str, int]] = []
    for moment in before_end(timeline):
        waits = moment.kind is MomentKind.WAIT
        said = f"waits {seconds(moment.seconds)}" if waits else _answered(moment)[0]
        if told and told[-1][0] == said:
            told[-1] = (said, told[-1][1] + 1)
        else:
            told.append((said, 1))
    words = [said if times == 1 else f"{said} ×{times}" for said, times in told]
    left = [f"… {timeline.left_out} more"] if timeline.left_out else []
    return [*words, *left, f"ends: {ending(timeline)}"]


def _drawn(moments: list[Moment], pen: _Pen, heights: dict[str, float]) -> Iterator[Ask | Waiting]:
    for moment in moments:
        pen.tick(moment.at)
        if moment.kind is MomentKind.WAIT:
            yield _waiting(moment, pen)
        else:
            yield _ask(moment, pen, heights[moment.host])


def _ask(moment: Moment, pen: _Pen, host_y: float) -> Ask:
    x, y = pen.x, _TOP
    new = moment.text != pen.asked
    asked = Words(round(x + 7), y + 19, clipped(moment.text, _ASKED)) if new else None
    pen.asked = moment.text
    answer = _answered(moment)
    silent = moment.answer in _SILENT
    back = x + (_wide(asked.text) + _GAP if asked else _BACK) if not silent else None
    words = x if back is None else back
    lines = tuple(
        Words(round(words + 7), host_y - 19 + 13 * n - 13 * (len(answer) - 1), line)
        for n, line in enumerate(answer)
    )
    across = [words + _wide(line) for line in answer] + ([x + _wide(asked.text)] if asked else [])
    pen.x = max(across) + _GAP
    return Ask(
        round(x),
        None if back is None else round(back),
        host_y,
        bool(_PLAIN.fullmatch(moment.answer)),
        asked,
        lines,
    )


def _answered(moment: Moment) -> list[str]:
    """The status on one line, and what came with it on another."""
    if moment.answer in _SILENT:
        return ["no answer"]
    status, _, rest = moment.answer.partition(", ")
    return [clipped(line, _ANSWER) for line in (status, rest) if line]


def _waiting(moment: Moment, pen: _Pen) -> Waiting:
    cause, how_long = clipped(moment.text, _CAUSE), seconds(moment.seconds)
    width = 16 + 30 * math.log10(1 + min(moment.seconds, FOR_EVER))
    room = max(width, _wide(cause), _wide(how_long))
    x = pen.x + (room - width) / 2
    pen.x += room + _GAP
    return Waiting(round(x), round(width), how_long, cause, moment.seconds < FOR_EVER)


def _left_out(timeline: Timeline, pen: _Pen) -> Words | None:
    if not timeline.left_out:
        return None
    more = Words(round(pen.x), _TOP - 9, f"… {timeline.left_out} more")
    pen.x += _wide(more.text) + _GAP
    return more


def _wide(text: str) -> float:
    return _LETTER * len(text)
