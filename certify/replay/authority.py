"""An authority that signs a certificate for whatever host is asked for."""

from __future__ import annotations

import datetime
import ssl
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from certify.replay.faults import How

#: Attribute of a server's stream: the host that its client named in the handshake.
ASKED_FOR = "certify_asked_for"


class Authority:
    """Made at the first use: keys take time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._contexts: dict[tuple[str, How], ssl.SSLContext] = {}

    @property
    def certificate(self) -> bytes:
        """Its own certificate, PEM."""
        with self._lock:
            return bytes(_trusted_authority().cert_pem.bytes())

    @property
    def client_certificate(self) -> bytes:
        """A certificate for a client that it signed, with its key and the whole chain, PEM."""
        with self._lock:
            return bytes(_issued_to_client().private_key_and_cert_chain_pem.bytes())

    def context(self, host: str, how: How = How.ANSWER) -> ssl.SSLContext:
        """A server's context for a host, or for the one that the client names in its handshake.

        `how` may ask for a certificate that is not to be trusted, or for one of the client's.
        """
        with self._lock:
            return self._made(host or "localhost", how, by_name=not host)

    def _made(self, host: str, how: How, by_name: bool) -> ssl.SSLContext:
        key = ("" if by_name else host, how)
        if key not in self._contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.set_alpn_protocols(["http/1.1"])
            # Tickets come after the handshake: what can be read would then be no answer yet.
            context.num_tickets = 0
            _issued(host, how).configure_cert(context)
            if how is How.CLIENT_CERTIFICATE:
                _trusted_authority().configure_trust(context)
                context.verify_mode = ssl.CERT_REQUIRED
            if by_name:
                context.sni_callback = self._by_name(how)
            self._contexts[key] = context
        return self._contexts[key]

    def _by_name(self, how: How) -> Callable[[ssl.SSLObject, str | None, ssl.SSLContext], None]:
        def choose(stream: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
            if name:
                setattr(stream, ASKED_FOR, name)
                with self._lock:
                    stream.context = self._made(name, how, by_name=False)

        return choose


def _issued(host: str, how: How) -> Any:
    """A certificate for a host, or what is to be none."""
    authority = _unknown_authority() if how is How.UNKNOWN_AUTHORITY else _trusted_authority()
    name = f"not.{host}" if how is How.WRONG_HOST else host
    year_ago = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=365)
    dates = {"not_before": year_ago, "not_after": year_ago + datetime.timedelta(days=90)}
    return authority.issue_cert(
        name, key_type=_trustme().KeyType.ECDSA, **(dates if how is How.EXPIRED else {})
    )


def _trustme() -> Any:
    import trustme  # 100 ms

    return trustme


@lru_cache(1)
def _trusted_authority() -> Any:
    return _trustme().CA(key_type=_trustme().KeyType.ECDSA)


@lru_cache(1)
def _issued_to_client() -> Any:
    return _trusted_authority().issue_cert("client.example", key_type=_trustme().KeyType.ECDSA)


@lru_cache(1)
def _unknown_authority() -> Any:
    return _trustme().CA(key_type=_trustme().KeyType.ECDSA)
