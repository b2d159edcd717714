"""Find calls that turn off the verification of certificates or host keys."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from certify.repository.source.hosts import is_host, is_local, parse_url
from certify.repository.source.tls_names import ARGUMENTS, PROGRAMS, SWITCHES, sends, turns_off
from certify.repository.syntax import Syntax

_RUNS = frozenset({"run", "Popen", "call", "check_call", "check_output", "system", "popen"})
_SILENCED = "the warning about requests without verification is silenced, so that nobody sees them"


def wrong_call(call: ast.Call, syntax: Syntax) -> Iterator[str]:
    """What is wrong with a call to another machine, in words."""
    found = list(_wrong_call(call, syntax))
    return iter(() if found and _stays_here(call, syntax) else found)


def _wrong_call(call: ast.Call, syntax: Syntax) -> Iterator[str]:
    name = syntax.dotted(call.func)
    for keyword in call.keywords:
        if keyword.arg is not None:
            yield from _keyword(name or "a call", keyword.arg, keyword.value, call, syntax)
    if _silences(name, call, syntax):
        yield _SILENCED
    last = name.rpartition(".")[2]
    if last == "get" and len(call.args) == 2:
        yield from _looked_up(syntax.constant(call.args[0]), syntax.constant(call.args[1]))
    if last in _RUNS and call.args:
        yield from wrong_command((syntax.text(call.args[0]) or "").split())
    if last in ("setdefault", "putenv") and len(call.args) == 2:
        yield from wrong_switch(syntax.constant(call.args[0]), syntax.constant(call.args[1]))


def is_plain_grpc(call: ast.Call, syntax: Syntax) -> bool:
    """Whether it opens a gRPC channel without TLS, to another machine."""
    opens = syntax.dotted(call.func) in ("grpc.insecure_channel", "grpc.aio.insecure_channel")
    return opens and not _stays_here(call, syntax)


def _keyword(name: str, word: str, given: ast.expr, call: ast.Call, syntax: Syntax) -> Iterator[str]:
    last = name.rpartition(".")[2]
    value = syntax.constant(given)
    if turns_off(word, value) or (word == "verify" and value is False and _sends(name, call, syntax)):
        yield f"{last}({word}={value}) takes any certificate for the right one"
    elif word == "ssl" and value is False and "aiohttp" in syntax.imported_packages and sends(name):
        yield f"{last}(ssl=False) takes any certificate for the right one: aiohttp still speaks TLS"
    elif word == "known_hosts" and value is None and last == "connect":
        yield "connect(known_hosts=None) takes any host key for the right one"
    elif value == "CERT_NONE":
        yield f"{last}({word}='CERT_NONE') takes any certificate for the right one"


def _sends(name: str, call: ast.Call, syntax: Syntax) -> bool:
    """Whether the call sends requests; of `partial` and `dict` what they are made for says it."""
    if name in ("partial", "functools.partial") and call.args:
        return sends(syntax.dotted(call.args[0]))
    parent = syntax.parents.get(call)
    if name == "dict" and isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
        return ARGUMENTS.fullmatch(parent.targets[0].id) is not None
    return sends(name)


def _stays_here(call: ast.Call, syntax: Syntax) -> bool:
    """Whether a literal URL or host among the arguments is this machine: nobody stands in between."""
    given = (*call.args[:3], *(keyword.value for keyword in call.keywords[:20]))
    return any(_is_here(text) for one in given if (text := syntax.text(one)))


def _is_here(text: str) -> bool:
    url = parse_url(text)
    bare = re.sub(r":(?:\d+|\{\})$", "", text)
    host = url.host if url else bare if bare == "localhost" or "." in bare or ":" in bare else ""
    return is_host(host) and is_local(host)


def _silences(name: str, call: ast.Call, syntax: Syntax) -> bool:
    given = [syntax.dotted(one) for one in (*call.args, *(keyword.value for keyword in call.keywords))]
    all_of_it = name.endswith("disable_warnings") and not given
    filters = name.endswith(("disable_warnings", ".simplefilter", ".filterwarnings"))
    return all_of_it or (filters and any(one.endswith("InsecureRequestWarning") for one in given))


def _looked_up(option: object, default: object) -> Iterator[str]:
    name = option if isinstance(option, str) else ""
    if turns_off(name, default) or (name == "verify" and default is False):
        yield f"the option {name!r} is {default} unless it is given: certificates are not verified by default"


def wrong_switch(name: object, value: object) -> Iterator[str]:
    """A variable of the environment that is set to what turns verification off."""
    if isinstance(name, str) and isinstance(value, str) and SWITCHES.get(name) == value:
        yield f"{name}={value!r} turns verification off for the whole process"


def wrong_command(words: list[str]) -> Iterator[str]:
    """A program that is started with the argument by which it trusts anybody."""
    option = PROGRAMS.get(words[0].rpartition("/")[2]) if words else None
    given = next((word for word in words[1:] if option is not None and option.fullmatch(word)), None)
    if given is not None and not any(_is_here(word) for word in words[1:]):
        yield f"{words[0].rpartition('/')[2]} {given} takes any certificate for the right one"
