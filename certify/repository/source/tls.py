"""Find where source turns off the verification of TLS certificates, or leaves TLS out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from certify.model import Finding, Location
from certify.repository.source.modules import PythonSource
from certify.repository.source.tls_calls import is_plain_grpc, wrong_call, wrong_command, wrong_switch
from certify.repository.source.tls_names import (
    ARGUMENTS,
    HTTP_LIBRARIES,
    MAY_TURN_OFF,
    OPTION,
    PLAIN_OPTION,
    SESSION,
    sends,
    turns_off,
)
from certify.repository.syntax import Syntax, defaults_of

_EXPECTED = "certificates and host keys are verified against an authority that the deployment trusts"
_FIX = (
    "leave it out; where a private authority signs, pass the file of its certificate (`verify=ca_file`); if "
    "there must be a switch, make it an option of the configuration that is on by default"
)
#: Words of a command that are looked at.
_MAX_WORDS = 50


def unverified_tls(source: PythonSource) -> Iterator[Finding]:
    """Each place of a module where a certificate, or a host key, is not verified."""
    syntax = source.syntax if source.mentions(MAY_TURN_OFF) else None
    if syntax is None:
        return
    for node in syntax.nodes:
        for what in _wrong(node, syntax):
            if not _is_an_option(node, syntax, OPTION):
                yield Finding(what, Location(source.file, getattr(node, "lineno", None)), _EXPECTED, _FIX)


def _wrong(node: ast.AST, syntax: Syntax) -> Iterator[str]:
    """What is wrong with one node, in words."""
    match node:
        case ast.Call():
            yield from wrong_call(node, syntax)
            if is_plain_grpc(node, syntax) and not _is_an_option(node, syntax, PLAIN_OPTION):
                yield "grpc.insecure_channel speaks without TLS: anybody on the way can read and change it"
        case ast.Assign(targets=[target]):
            yield from _assignment(target, node.value, syntax)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield from _assignment(target, value, syntax)
        case ast.Attribute() | ast.Name(ctx=ast.Load()):
            yield from _reference(node, syntax)
        case ast.List() | ast.Tuple():
            yield from wrong_command([syntax.text(one) or "" for one in node.elts[:_MAX_WORDS]])
        case ast.arg():
            yield from _parameter(node, syntax)


def _assignment(target: ast.expr, value: ast.expr, syntax: Syntax) -> Iterator[str]:
    given = syntax.constant(value)
    match target:
        case ast.Subscript(value=ast.Name(id=owner), slice=key) if ARGUMENTS.fullmatch(owner):
            yield from _argument(syntax.constant(key), given)
        case ast.Subscript(slice=key):
            yield from wrong_switch(syntax.constant(key), given)
        case ast.Name(id=name) if isinstance(value, ast.Dict) and ARGUMENTS.fullmatch(name):
            for word, one in zip(value.keys, value.values, strict=True):
                yield from _argument(syntax.constant(word), syntax.constant(one))
        case ast.Name(id=name) if isinstance(syntax.scope(target), ast.ClassDef):
            yield from _default(name, given, syntax)
        case ast.Attribute():
            yield from _attribute(target, given, syntax)


def _argument(key: object, value: object) -> Iterator[str]:
    """An argument of requests that is kept with others, to be passed as `**kwargs`."""
    if isinstance(key, str) and (turns_off(key, value) or (key == "verify" and value is False)):
        yield f"{key}={value} takes any certificate for the right one"


def _attribute(target: ast.Attribute, given: object, syntax: Syntax) -> Iterator[str]:
    name, owner = target.attr, syntax.dotted(target.value).rpartition(".")[2]
    if turns_off(name, given) and not _compares_itself(target, syntax):
        yield f"{name} = {given} takes the certificate of any host for the right one"
    elif name == "verify" and given is False and _is_session(target, owner, syntax):
        yield f"{owner}.verify = False takes any certificate for the right one"
    elif given == "CERT_NONE":
        yield f"{name} = 'CERT_NONE' takes any certificate for the right one"
    elif name == "hostkeys" and given is None:
        yield "hostkeys = None takes any host key for the right one"


def _compares_itself(target: ast.Attribute, syntax: Syntax) -> bool:
    """Whether the context is urllib3's, which compares host names by itself where the context does not."""
    made = syntax.constants.get(syntax.dotted(target.value))
    return isinstance(made, ast.Call) and syntax.dotted(made.func).endswith("create_urllib3_context")


def _is_session(target: ast.Attribute, owner: str, syntax: Syntax) -> bool:
    """Whether it is a session whose `verify` is set, and not an object with a meaning of its own for it."""
    if owner != "self":
        return SESSION.fullmatch(owner) is not None
    made_of = next((one for one in syntax.ancestors(target) if isinstance(one, ast.ClassDef)), None)
    return made_of is not None and any(sends(syntax.dotted(base)) for base in made_of.bases)


def _reference(node: ast.Attribute | ast.Name, syntax: Syntax) -> Iterator[str]:
    if isinstance(node, ast.Name) and node.id not in syntax.imports:
        return
    name = syntax.dotted(node)
    if name == "ssl._create_unverified_context":
        yield "ssl._create_unverified_context takes any certificate for the right one"
    elif name == "ssl.CERT_NONE" and not isinstance(syntax.parents.get(node), ast.Compare):
        yield "ssl.CERT_NONE takes any certificate for the right one"
    elif name.startswith("paramiko.") and name.endswith((".AutoAddPolicy", ".WarningPolicy")):
        yield f"{name} takes any host key for the right one"


def _parameter(parameter: ast.arg, syntax: Syntax) -> Iterator[str]:
    """An option that is off unless the caller turns it on; the finding stands at the default."""
    arguments = syntax.parents.get(parameter)
    default = defaults_of(arguments).get(parameter.arg) if isinstance(arguments, ast.arguments) else None
    if default is not None:
        yield from _default(parameter.arg, syntax.constant(default), syntax)


def _default(name: str, value: object, syntax: Syntax) -> Iterator[str]:
    if turns_off(name, value) or (name == "verify" and value is False and _is_for_requests(syntax)):
        yield f"{name} is {value} unless it is given: certificates are not verified by default"


def _is_for_requests(syntax: Syntax) -> bool:
    """Whether the module sends requests, so that its `verify` is about them."""
    return not HTTP_LIBRARIES.isdisjoint(syntax.imported_packages)


def _is_an_option(node: ast.AST, syntax: Syntax, words: re.Pattern[str]) -> bool:
    """Whether a condition on such an option decides over the node: above it, or by leaving before it."""
    below = node
    for above in syntax.ancestors(node):
        if isinstance(above, ast.If | ast.IfExp | ast.While):
            if below is not above.test and _names(above.test, words):
                return True
        elif isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module) and below in above.body:
            before = above.body[: above.body.index(below)]
            if any(isinstance(one, ast.If) and _names(one.test, words) and _leaves(one) for one in before):
                return True
        below = above
    return False


def _names(test: ast.expr, words: re.Pattern[str]) -> bool:
    names = (getattr(one, "id", getattr(one, "attr", getattr(one, "value", ""))) for one in ast.walk(test))
    return any(isinstance(name, str) and words.search(name) for name in names)


def _leaves(test: ast.If) -> bool:
    return isinstance(test.body[-1], ast.Return | ast.Raise | ast.Continue)
