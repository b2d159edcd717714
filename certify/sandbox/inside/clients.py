"""Find network clients that a package holds as globals: built at import, impossible to replace by a fake."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from typing import Any

#: Classes whose instances talk to a network, as `module prefix` → class names (any base class counts).
CLIENTS = {
    "socket": {"socket"},
    "http.client": {"HTTPConnection"},
    "ftplib": {"FTP"},
    "smtplib": {"SMTP"},
    "imaplib": {"IMAP4"},
    "urllib.request": {"OpenerDirector"},
    "urllib3": {"PoolManager", "HTTPConnectionPool", "ConnectionPool"},
    "requests": {"Session"},
    "requests_oauthlib": {"OAuth1Session", "OAuth2Session"},
    "httpx": {"BaseClient", "Client", "AsyncClient"},
    "aiohttp": {"ClientSession", "BaseConnector"},
    "websocket": {"WebSocket", "WebSocketApp"},
    "botocore": {"BaseClient", "ClientCreator"},
    "boto3": {"ServiceResource"},
    "google": {"Client", "ClientWithProject"},
    "googleapiclient": {"Resource"},
    "grpc": {"Channel"},
    "sqlalchemy": {"Engine", "Connection", "AsyncEngine"},
    "psycopg": {"BaseConnection"},
    "psycopg2": {"connection"},
    "pymysql": {"Connection"},
    "pymongo": {"MongoClient", "AsyncMongoClient"},
    "redis": {"Redis"},
    "kafka": {"KafkaClient", "KafkaProducer", "KafkaConsumer"},
    "confluent_kafka": {"Producer", "Consumer"},
    "paramiko": {"SSHClient", "Transport"},
    "elasticsearch": {"Elasticsearch"},
    "snowflake": {"SnowflakeConnection"},
    "clickhouse_connect": {"Client"},
    "clickhouse_driver": {"Client"},
    "pysftp": {"Connection"},
    "salesforce": {"Salesforce"},
    "simple_salesforce": {"Salesforce"},
    "stripe": {"StripeClient"},
}


def clients_of(package: str) -> list[dict[str, Any]]:
    """Every client the package's modules hold: `{"module", "path", "type"}`, each client once."""
    found: list[dict[str, Any]] = []
    seen: set[int] = set()
    for name, module in sorted(sys.modules.items()):
        if name != package and not name.startswith(package + "."):
            continue
        if not isinstance(module, types.ModuleType):
            continue
        for path, value in _held_by(module, name):
            kind = client_type(value)
            if kind and id(value) not in seen:
                seen.add(id(value))
                found.append({"module": name, "path": path, "type": kind})
    return found


def client_type(value: Any) -> str | None:
    """The dotted name of the client class this is an instance of, or None."""
    for base in type(value).__mro__:
        top, module = base.__module__.partition(".")[0], base.__module__
        if base.__name__ in CLIENTS.get(top, ()) or base.__name__ in CLIENTS.get(module, ()):
            return f"{type(value).__module__}.{type(value).__qualname__}"
    return None


def _held_by(module: types.ModuleType, name: str) -> Iterator[tuple[str, Any]]:
    """Globals, members of classes, defaults of functions, and what stands in their containers."""
    for key, value in list(vars(module).items()):
        yield from _with_content(key, value)
        if getattr(value, "__module__", None) != name:
            continue
        if isinstance(value, types.FunctionType):
            yield from _defaults(key, value)
        elif isinstance(value, type):
            for member, held in list(vars(value).items()):
                yield from _with_content(f"{key}.{member}", held)
                if isinstance(held, types.FunctionType):
                    yield from _defaults(f"{key}.{member}", held)


def _with_content(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    yield path, value
    if type(value) in (list, tuple, set):
        yield from ((path, one) for one in list(value)[:1000])
    elif type(value) is dict and not path.startswith("__"):
        yield from ((path, one) for one in list(value.values())[:1000])


def _defaults(path: str, function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    for value in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        yield path, value
