"""Read what a command says on its standard output, line by line, in little memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NoReturn, Protocol

from certify.sandbox.inside.teller import WHOLE_ROWS, Clock, Says, Teller

#: No message of any protocol is as long; of what is, the rest is let go until the line ends.
LONGEST_LINE = 16 * 1024 * 1024
#: Lines that are no messages, and messages that are amiss: how many of each are kept, and how much.
_KEPT_LINES, _KEPT_TEXT = 20, 200


class Dialect(Protocol):
    """What the messages of a protocol mean."""

    #: Why records are not known that the messages speak of; empty where all are.
    unread: str

    def begin(self, tells: Teller) -> None:
        """Tell what is known before the first message."""
        ...

    def take(self, message: Mapping[str, Any], tells: Teller) -> str:
        """Tell what one message means; what is wrong with it, if anything is."""
        ...


#: Makes what tells of a run.
MakesTeller = Callable[[Says, Iterable[str], float], Teller]


class Lines:
    """Cuts bytes, in whatever pieces they come, into lines; a line that is too long is cut, and says so."""

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self.longest = longest
        self._pieces: list[bytes] = []
        self._length = 0

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bool]]:
        """The lines that these bytes complete, and whether each is whole."""
        *complete, rest = data.split(b"\n")
        for piece in complete:
            self._add(piece)
            yield self._line()
        self._add(rest)

    def end(self) -> Iterator[tuple[bytes, bool]]:
        """What stands after the last newline."""
        if self._length:
            yield self._line()

    def _add(self, piece: bytes) -> None:
        room = max(self.longest - self._length, 0)
        self._length += len(piece)
        if piece and room:
            self._pieces.append(piece[:room])

    def _line(self) -> tuple[bytes, bool]:
        line, whole = b"".join(self._pieces), self._length <= self.longest
        self._pieces, self._length = [], 0
        return line, whole


class Spoken:
    """Turns a command's output into the messages that a driven source tells.

    Rows, states and log are told as `drive` tells them; a line that is no message is kept, cut, with its
    number, and searched whole for the needles.
    """

    def __init__(
        self,
        dialect: Dialect,
        clock: Clock,
        needles: Iterable[str] = (),
        whole: float = WHOLE_ROWS,
        makes: MakesTeller = Teller,
    ) -> None:
        self._dialect = dialect
        self._said: list[dict[str, Any]] = []
        self._tells = makes(_Collector(self._said), needles, whole)
        self._tells.clock = clock
        self._lines = Lines()
        self._number = 0
        self._misspoken = [0, 0]
        dialect.begin(self._tells)

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """The messages that these bytes complete."""
        for line, whole in self._lines.feed(data):
            self._line(line, whole)
        return self._taken()

    def end(self) -> list[dict[str, Any]]:
        """Those that were left: of the text after the last newline, and of what was kept back."""
        for line, whole in self._lines.end():
            self._line(line, whole)
        self._tells.flush()
        self._tells.tell_last_state()
        return self._taken()

    def _taken(self) -> list[dict[str, Any]]:
        taken = list(self._said)
        self._said.clear()
        return taken

    def _line(self, line: bytes, whole: bool) -> None:
        self._number += 1
        text = line.decode("utf-8", "replace")
        if not whole:
            self._note(text, f"is longer than {self._lines.longest} bytes")
            return
        message, why = document(line)
        if why:
            self._note(text, why)
        elif wrong := self._taken_amiss(message):
            self._note(text, wrong, is_json=True)

    def _taken_amiss(self, message: Any) -> str:
        """Tell what a message means; what is wrong with it, if anything is."""
        if not isinstance(message, dict):
            return "is no JSON object"
        try:
            return self._dialect.take(message, self._tells)
        except RecursionError:
            return "is nested without end"

    def _note(self, text: str, why: str, *, is_json: bool = False) -> None:
        self._tells.search("line", "", text)
        self._misspoken[is_json] += 1
        if self._misspoken[is_json] <= _KEPT_LINES:
            self._tells.say(misspoken=[self._number, text[:_KEPT_TEXT], why[:_KEPT_TEXT], is_json])


class Document:
    """Takes a command's output whole, as far as it is one document of a bearable length."""

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self._longest = longest
        self._bytes = bytearray()

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """Keep it; there is no message."""
        self._bytes += data[: self._longest + 1 - len(self._bytes)]
        return []

    def end(self) -> list[dict[str, Any]]:
        """Nothing is left."""
        return []

    @property
    def is_cut(self) -> bool:
        """Whether it was too long."""
        return len(self._bytes) > self._longest

    @property
    def text(self) -> bytes:
        """All of it; nothing where it is too long."""
        return b"" if self.is_cut else bytes(self._bytes)


def document(text: bytes) -> tuple[Any, str]:
    """The JSON document that a text is; else why it is none."""
    try:
        return parse(text), ""
    except UnicodeDecodeError:
        return None, "is not UTF-8"
    except RecursionError:
        return None, "is nested without end"
    except ValueError as error:
        return None, f"is no JSON ({error})"


def parse(text: bytes) -> Any:
    """JSON as the standard has it: UTF-8, and no NaN. Raises ValueError, or RecursionError."""
    return _decoder(text.decode("utf-8"))


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


_decoder: Callable[[str], Any] = json.JSONDecoder(parse_constant=_no_number).decode


class _Collector:
    """Takes messages where a socket would."""

    def __init__(self, said: list[dict[str, Any]]) -> None:
        self._said = said

    def send(self, **message: Any) -> None:
        """Keep one until it is taken."""
        self._said.append(message)
