"""Find the hosts that source speaks to: URLs and host names used as addresses, not told to readers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from certify.contract import Contract
from certify.contract.document import read_document
from certify.errors import ContractError
from certify.model import Location
from certify.repository.source.hosts import Url, is_covered, is_documentation, is_host, is_local, parse_url
from certify.repository.source.modules import PythonSource
from certify.repository.syntax import Syntax, defaults_of
from certify.repository.words import word_set, words_of

_URL = re.compile(r"(?:https?|wss?|ftp)://\S+", re.IGNORECASE)
#: Without one of these no string of a module is an address.
MAY_HOLD_ADDRESS = re.compile(
    r"[\"'](?:(?:https?|wss?|ftp)://|[\w.-]+\.[a-z]{2,8}(?::\d+)?[\"'])", re.IGNORECASE
)
#: Bare host names end in one of these: `hosts.json` and `self.host` are none.
_TOP_LEVEL = word_set(
    "com net org io dev cloud co ai eu de uk fr us ca au jp in br nl info biz gov edu me tv ch at "
    "se no dk fi es it pl cz be ie nz sg hk cn ru kr za mx il tr ae xyz tech online example"
)

#: A name with one of these words holds an address,
_ADDRESS_WORDS = word_set(
    "url urls uri uris host hosts hostname endpoint endpoints server servers domain base root api "
    "gateway origin address websocket site instance webhook"
)
_HOST_WORDS = word_set("host hosts hostname endpoint server domain")
#: unless one of these says that it is told to a person, or that it names a thing and is never asked for.
_TOLD_WORDS = word_set(
    "doc docs documentation help support homepage home page pages wiki readme license licence schema "
    "schemas xmlns namespace namespaces ns logo icon image avatar redirect callback return referer "
    "referrer agent scope scopes audience aud issuer example examples sample description about "
    "changelog issue issues bug tracker repo repository source project package contact terms privacy "
    "vocab vocabulary profile id ref type regex prefix spec standard feature guide tutorial learn more "
    "signup register settings dashboard console portal link links reference browser authorize "
    "authorization message error hint note comment title text label placeholder credits author "
    "maintainer upgrade"
)
#: Pages for people, by their hosts.
_PAGES = re.compile(
    r"(?:docs|help|support|wiki|www\.docs)\..+|.+\.(?:readthedocs\.io|readthedocs\.org|rtfd\.io)"
)
#: Hosts whose URLs are names: of XML namespaces, schemas, licences. Nobody asks them for anything.
_NAMES = re.compile(
    r"(?:www\.)?w3\.org|schemas\..+|(?:.*\.)?json-schema\.org|schema\.org|(?:.*\.)?purl\.(?:org|oclc\.org)|xmlns\.com"
    r"|(?:.*\.)?oasis-open\.org|www\.opengis\.net|ns\.adobe\.com|spdx\.org|opensource\.org|creativecommons\.org"
    r"|www\.(?:apache|gnu|mozilla)\.org|(?:www\.)?rfc-editor\.org|tools\.ietf\.org|(?:.*\.)?iana\.org|urn\..*"
)
#: And those whose path says so: Google's OAuth scopes, SOAP namespaces of Salesforce.
_NAME_PATHS = re.compile(
    r"https?://www\.googleapis\.com/auth/|http://\S*/\d{4}/\d{2}/|\S*\.xsd\b|https?://www\.force\.com/20"
)

#: What sends a request, opens what does, or joins a path to a base.
_ASKS = re.compile(
    r"get|post|put|patch|delete|head|options|request|stream|urlopen|urlretrieve|urljoin|connect|ws_connect|fetch"
    r"|download|read_\w+|(?:.*_)?login|create_connection|open_connection|.*_(?:get|post|request|fetch)"
    r"|.*(?:Session|Client|Transport|Connection|Connector|Adapter|Api|API|Auth|Authenticator|OAuth\d?|Stream|Service)"
)
#: What only wraps a text.
_WRAPS = word_set(
    "str URL Url HttpUrl AnyUrl AnyHttpUrl SecretStr Field field cast Final quote rstrip strip encode "
    "format join"
)
#: What looks a name up, or declares an option: the name among its arguments says what the other one is.
_LOOKS_UP = re.compile(
    r"get|getenv|pop|setdefault|env|config|setting|option|add_argument"
    r"|\w*(?:Option|Property|Argument|Param|Parameter|Field)"
)


@dataclass(frozen=True)
class Address:
    """A host that a module speaks to: where it stands, and under which name or in which call."""

    url: Url
    location: Location
    role: str


def addresses(source: PythonSource) -> Iterator[Address]:
    """The URLs and host names in a module that are used as addresses."""
    syntax = source.syntax if source.mentions(MAY_HOLD_ADDRESS) else None
    if syntax is None:
        return
    for node in syntax.nodes:
        if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp) and not _is_part(node, syntax):
            text = syntax.text(node)
            url = _address(text) if text else None
            role = _role(node, syntax) if url else ""
            if url is not None and role and (url.scheme or _is_host_role(role)):
                yield Address(url, Location(source.file, node.lineno), role)


def _is_part(node: ast.expr, syntax: Syntax) -> bool:
    """Whether it is a part of a longer text, which is looked at as a whole."""
    parent = syntax.parents.get(node)
    return isinstance(parent, ast.JoinedStr | ast.FormattedValue | ast.BinOp | ast.Expr)


def _address(text: str) -> Url | None:
    """A URL that could be asked for something, or a bare host (without scheme)."""
    stripped = text.strip()
    if _URL.fullmatch(stripped):
        url = parse_url(stripped)
        told = (
            url is None
            or _NAMES.fullmatch(url.host)
            or _PAGES.fullmatch(url.host)
            or _NAME_PATHS.match(stripped)
            or is_documentation(url.host)
        )
        return None if told else url
    bare = re.sub(r":\d+$", "", stripped)
    known = (
        bare.count(".") >= 1
        and bare.rpartition(".")[2] in _TOP_LEVEL
        and is_host(bare)
        and bare == bare.lower()
    )
    return Url("", bare) if known and not is_documentation(bare) else None


def _role(node: ast.AST, syntax: Syntax) -> str:
    """The name of what the text is used for as an address; "" when it is not."""
    role: str | None = None
    for parent in syntax.ancestors(node):
        if isinstance(parent, ast.stmt) and role is not None:
            break
        if _is_told(_key(parent, node, syntax)):
            return ""  # `examples=[{"url": …}]`, `contact={"url": …}`
        role = role if role is not None else _role_in(parent, node, syntax)
        node = parent
    return role or ""


def _key(parent: ast.AST, node: ast.AST, syntax: Syntax) -> str:
    """The key or keyword under which a node stands in its parent."""
    if isinstance(parent, ast.keyword):
        return parent.arg or ""
    if isinstance(parent, ast.Dict):
        pairs = zip(parent.keys, parent.values, strict=True)
        key = next((key for key, value in pairs if value is node), None)
        return str(syntax.constant(key)) if key is not None else ""
    return ""


def _role_in(parent: ast.AST, node: ast.AST, syntax: Syntax) -> str | None:
    """What one step up says: a role, "" for none, None to look further up."""
    match parent:
        case (
            ast.IfExp()
            | ast.BoolOp()
            | ast.List()
            | ast.Tuple()
            | ast.Set()
            | ast.Starred()
            | ast.Attribute()
        ):
            return None
        case ast.Dict() | ast.keyword():
            return _named(_key(parent, node, syntax)) or None
        case ast.Call():
            return _role_in_call(parent, node, syntax)
        case ast.Assign(targets=[target, *_]) | ast.AnnAssign(target=target) | ast.NamedExpr(target=target):
            return _named(_target(target, syntax))
        case ast.arguments():
            defaults = defaults_of(parent).items()
            return _named(next((name for name, default in defaults if default is node), ""))
        case ast.Return():
            function = next((one for one in syntax.ancestors(parent) if isinstance(one, _FUNCTIONS)), None)
            return _named(function.name) if function else ""
    return ""


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _role_in_call(call: ast.Call, node: ast.AST, syntax: Syntax) -> str | None:
    name = syntax.dotted(call.func).rpartition(".")[2]
    if node is call.func:
        return None  # `"https://…{}".format(…)`
    if _LOOKS_UP.fullmatch(name):
        names = [str(syntax.constant(one)) for one in call.args if one is not node]
        role = next((found for one in names if (found := "" if _is_told(one) else _named(one))), "")
        if role or isinstance(node, ast.keyword) or len(call.args) > 1:
            return role or (None if name in _WRAPS else "")
    if name in _WRAPS:
        return None
    return f"{name}(…)" if not isinstance(node, ast.keyword) and _ASKS.fullmatch(name) else ""


def _target(target: ast.expr, syntax: Syntax) -> str:
    match target:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=key):
            return str(syntax.constant(key))
    return ""


def _named(name: str) -> str:
    """The name, if it is one of an address."""
    words = words_of(name)
    if name.startswith("__"):
        return ""  # `__url__` and its kind are a package's own facts
    return name if len(name) <= 60 and not _ADDRESS_WORDS.isdisjoint(words) and not _is_told(name) else ""


def _is_told(name: str) -> bool:
    return not _TOLD_WORDS.isdisjoint(words_of(name))


def _is_host_role(role: str) -> bool:
    return not _HOST_WORDS.isdisjoint(words_of(role))


#: Where a connector system itself says which hosts a connector may reach.
_DECLARED_BY_SYSTEM = {
    "airbyte": ("metadata.yaml", ("data", "allowedHosts", "hosts")),
    "planasonix": ("connector.yaml", ("egress", "allowed_hosts")),
}


def declared_hosts(contract: Contract) -> dict[str, tuple[str, ...]]:
    """The hosts a connector may reach, by where that is said: the contract, and its system's own manifest.

    A list without a host is one that forbids them all.
    """
    own = contract.policy.egress_hosts
    declared = {f"policy.egress_hosts of {contract.file}": own} if own else {}
    file, keys = _DECLARED_BY_SYSTEM.get(contract.system, ("", ()))
    if file:
        try:
            value = read_document(contract.root / file, file).value
        except ContractError:
            value = None
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, list):  # an empty one says that it speaks to nobody
            declared[f"{'.'.join(keys)} of {file}"] = tuple(one for one in value if isinstance(one, str))
    return declared


def is_declared(url: Url, declared: Iterable[str]) -> bool:
    """Whether these hosts cover an address; a bare domain is one to which a subdomain may be put."""
    hosts = list(declared)
    return is_covered(url.host, hosts) or (not url.scheme and is_covered(f"*.{url.host}", hosts))


def is_unencrypted(url: Url) -> bool:
    """Whether it leads over a network without encryption."""
    return url.scheme in ("http", "ws", "ftp") and not is_local(url.host)
