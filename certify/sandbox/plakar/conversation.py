"""Speak with one connector from Init to Close, and keep what it says; bytes in, bytes out."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass

from h2.exceptions import H2Error

from certify.sandbox.plakar.frame_tap import MAX_STRAY, FrameTap
from certify.sandbox.plakar.grpc_client import BrokenWire, Event, GrpcClient, Message
from certify.sandbox.plakar.messages import (
    SERVICES,
    Described,
    ImportedRecord,
    acknowledged,
    init_request,
    open_request,
)
from certify.sandbox.plakar.observed import OK, Opened, Over, Wish
from certify.sandbox.plakar.protobuf import Fields, MalformedMessage
from certify.text import one_line

#: What an import tells in one go is judged by its first records, and the contents of those.
MAX_RECORDS = 1_000
MAX_CONTENT = 32 * 1024 * 1024
_Waits = Generator[None, Event, None]


class Conversation:
    """Begins by itself; feed it what the plug-in writes, and send what `to_send` gives."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.tap = FrameTap()
        self.answers: dict[str, Over] = {}
        self.described: Described | None = None
        self.records: list[ImportedRecord] = []
        self.opened: list[Opened] = []
        self.is_finished = False
        self.is_cut = False
        #: The call that is under way, and how the wire broke in it.
        self.doing = "Init"
        self.broken = ""
        #: The call during which something else was printed first.
        self.stray_in = ""
        self.is_over = False
        self._client = GrpcClient()
        self._content_left = MAX_CONTENT
        self._script = self._speak()
        next(self._script)

    def to_send(self) -> bytes:
        """What is to be written on its standard input now."""
        return self._client.to_send()

    def feed(self, data: bytes) -> None:
        """Take what it wrote on standard output."""
        if self.is_over:
            return
        try:
            frames = self.tap.feed(data)
            if self.tap.stray and not self.stray_in:
                self.stray_in = self.doing
            for event in self._client.feed(frames):
                self._script.send(event)
        except StopIteration:
            self.is_over = True
        except BrokenWire as error:
            self._break(str(error))
        except H2Error as error:  # a call that it no longer lets us make
            self._break(f"breaks HTTP/2: {one_line(str(error), 200)}")
        except MalformedMessage as error:
            self._break(f"sends a message that cannot be read: {error}")
        if self.tap.stray_bytes > MAX_STRAY:
            self._break("writes on without a frame")

    def _break(self, how: str) -> None:
        self.broken = self.broken or how
        self.is_over = True

    def _speak(self) -> _Waits:
        yield  # its settings
        request = init_request(self.wish.kind, self.wish.protocol, self.wish.config)
        answered = yield from self._ask("Init", request)
        if answered is None:
            return
        self.described = Described.of(self.wish.kind, answered)
        yield from self._ask("Ping", b"")
        if self.wish.kind == "importer":
            yield from self._import()
        yield from self._ask("Close", b"")

    def _ask(self, name: str, request: bytes) -> Generator[None, Event, bytes | None]:
        """A call with one request; the answer, or None where there is none."""
        stream = self._begin(name)
        self._client.send(stream, request)
        self._client.finish(stream)
        answer: bytes | None = None
        while True:
            event = yield
            if isinstance(event, Message) and event.stream == stream:
                answer = event.data
            elif isinstance(event, Over) and event.stream == stream:
                self.answers[name] = event
                if event.status == OK and answer is None:
                    raise BrokenWire(f"ends {name} without an answer")
                return answer if event.status == OK else None

    def _begin(self, name: str) -> int:
        self.doing = name
        return self._client.call(f"/{SERVICES[self.wish.kind]}/{name}")

    def _import(self) -> _Waits:
        """Read records, open each and acknowledge it as it comes: some send the next one only then."""
        stream = self._begin("Import")
        waiting: deque[ImportedRecord] = deque()
        opening: _Opening | None = None
        while True:
            event = yield
            if isinstance(event, Over) and event.stream == stream:
                self.answers["Import"] = event
                return
            if isinstance(event, Message) and event.stream == stream:
                self._take(event.data, waiting)
            elif opening is not None:
                opening = self._go_on(opening, event, stream)
            if opening is None:
                opening = self._open_next(waiting, stream)
            if self.is_cut and opening is None and not waiting:
                self._client.cancel(stream)
                return
            if self.is_finished and opening is None and not waiting:
                self._client.finish(stream)

    def _take(self, message: bytes, waiting: deque[ImportedRecord]) -> None:
        fields = Fields(message)
        if self.is_finished:
            raise BrokenWire("sends more in an import after it said that it had finished")
        if fields.number(2):
            self.is_finished = True
        elif len(self.records) >= MAX_RECORDS:
            self.is_cut = True
        else:
            record = ImportedRecord.of(fields.data(1))
            self.records.append(record)
            waiting.append(record)

    def _open_next(self, waiting: deque[ImportedRecord], stream: int) -> _Opening | None:
        """Open the next record that has content; acknowledge those before it."""
        while waiting:
            record = waiting.popleft()
            if record.is_file and record.has_reader and record.size <= self._content_left:
                opened = self._client.call(f"/{SERVICES[self.wish.kind]}/Open")
                self._client.send(opened, open_request(record))
                self._client.finish(opened)
                return _Opening(opened, record)
            self._client.send(stream, acknowledged(record))
        return None

    def _go_on(self, opening: _Opening, event: Event, stream: int) -> _Opening | None:
        """Count what comes of an open record; None once it is done with."""
        if not isinstance(event, Message | Over) or event.stream != opening.stream:
            return opening
        over: Over | None = None
        if isinstance(event, Message):
            opening.size += len(Fields(event.data).data(1))
            if opening.size <= opening.record.size:
                return opening
            self._client.cancel(opening.stream)  # it is more than was declared, how much more does not matter
        else:
            over = event
        self._content_left -= opening.size
        self.opened.append(Opened(opening.record, opening.size, over))
        self._client.send(stream, acknowledged(opening.record))
        return None


@dataclass
class _Opening:
    """A record whose content is on its way."""

    stream: int
    record: ImportedRecord
    size: int = 0
