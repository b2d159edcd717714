"""The wire: one loopback server that answers a connector from a cassette, and misbehaves as it is told.

It lives in certify's own process: what it notes is out of the connector's reach.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable

from certify.replay.authority import Authority
from certify.replay.cassette import Asked
from certify.replay.conversation import Conversation, is_ready
from certify.replay.played import Exchange, Played

#: The first byte of a connection that asks whether the wire is still, and of each question; and the answers.
QUESTION, STILL, BUSY = b"\0", b"1", b"0"

#: Real seconds that a run's last requests may take to be noted; its processes have ended then.
_SETTLING = 2.0


class Wire:
    """Serves one listening socket; between `play` and `finish` it answers, otherwise it hangs up."""

    def __init__(self, listener: socket.socket, now: Callable[[], float]) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._now = now
        self._lock = threading.Lock()
        self._playing: _Playing | None = None
        self._conversations: dict[threading.Thread, Conversation] = {}
        self._asking: set[Conversation] = set()
        self._authority = Authority()
        self._closed = False
        self._thread = threading.Thread(target=self._listen, name="certify-wire", daemon=True)
        self._thread.start()

    @property
    def certificate(self) -> bytes:
        """The certificate (PEM) of the authority that signs for every host."""
        return self._authority.certificate

    @property
    def client_certificate(self) -> bytes:
        """What a client may show where one is demanded (PEM, with its key)."""
        return self._authority.client_certificate

    def play(self, played: Played, flooded: Callable[[], None] = lambda: None) -> None:
        """Begin a run; `flooded` is called once when it sends more requests than it may."""
        with self._lock:
            self._playing = _Playing(played, self._now, flooded)

    def finish(self) -> tuple[Exchange, ...]:
        """End the run, whose processes have ended: take what they sent last, and hang up.

        Raises what went wrong in here: to the connector it was a lost connection, and no fault of its own.
        """
        deadline = time.monotonic() + _SETTLING
        while not self.is_still and time.monotonic() < deadline:
            time.sleep(0.0005)
        with self._lock:
            playing, self._playing = self._playing, None
            left = dict(self._conversations)
        exchanges = playing.played.finish() if playing else ()
        broken = playing.broken if playing else None  # before those that are hung up on complain
        self._hang_up(left)
        if broken is not None:
            raise broken
        return exchanges

    @property
    def is_still(self) -> bool:
        """Whether all that was sent until now is answered, or never will be."""
        with self._lock:
            if is_ready(self._listener, select.POLLIN, 0):
                return False
            talking = [one for one in self._conversations.values() if one not in self._asking]
            return all(one.is_still for one in talking)

    def close(self) -> None:
        """Stop serving."""
        with self._lock:
            self._closed = True
            left = dict(self._conversations)
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._hang_up(left)
        self._thread.join(_SETTLING)
        self._listener.close()

    def _hang_up(self, conversations: dict[threading.Thread, Conversation]) -> None:
        for conversation in conversations.values():
            conversation.hang_up()
        for thread in conversations:
            thread.join(_SETTLING)

    def _listen(self) -> None:
        while not self._closed:
            is_ready(self._listener, select.POLLIN, None)
            try:
                with self._lock:
                    self._accept()
            except BlockingIOError:
                continue
            except OSError:
                return

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        if self._playing is None:
            connection.close()
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        conversation = Conversation(connection, self._authority, self._playing)
        thread = threading.Thread(target=self._hold, args=(conversation, self._playing), daemon=True)
        self._conversations[thread] = conversation
        thread.start()

    def _hold(self, conversation: Conversation, playing: _Playing) -> None:
        try:
            if conversation.begins_with(QUESTION):
                self._answer_questions(conversation)
            else:
                conversation.hold()
        except Exception as error:
            playing.broken = error
        finally:
            conversation.close()
            with self._lock:
                self._asking.discard(conversation)
                self._conversations.pop(threading.current_thread(), None)

    def _answer_questions(self, conversation: Conversation) -> None:
        """Say whether the wire is still, as often as that is asked; who asks does not count."""
        with self._lock:
            self._asking.add(conversation)
        with contextlib.suppress(OSError):
            while conversation.receive(1):
                conversation.send(STILL if self.is_still else BUSY)


class _Playing:
    """A run as its conversations know it."""

    def __init__(self, played: Played, now: Callable[[], float], flooded: Callable[[], None]) -> None:
        self.played = played
        self._now = now
        self._flooded = flooded
        self.delivered = played.delivered
        self.undelivered = played.undelivered
        self.certificate = played.certificate
        #: What went wrong on this side.
        self.broken: Exception | None = None

    def shook_hands(self, host: str) -> None:
        """Note which certificate was shown."""
        self.played.shook_hands(host, self._now())

    def begin(self, asked: Asked) -> Exchange | None:
        """Note a request, and choose its answer."""
        exchange = self.played.begin(asked, self._now())
        if exchange is None and self.played.is_flooded:
            self._flooded()
        return exchange
