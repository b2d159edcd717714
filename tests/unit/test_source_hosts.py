"""Hosts in source: which text is an address, which hosts are declared, and what is told to readers."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify import EvidenceLog, Unverified
from certify.contract import Contract
from certify.contract.contract import Policy
from certify.repository import Repository
from certify.repository.source import addresses, declared_hosts, is_declared, is_local, is_unencrypted
from certify.repository.source.hosts import Url, is_covered, is_documentation, is_host, parse_url
from certify.repository.source.modules import MAX_SOURCE_BYTES, PythonSource, parse, read_package
from certify_suites import security


def found(text: str) -> list[str]:
    return [
        f"{one.url.scheme}:{one.url.host} {one.role}:{one.location.line}"
        for one in addresses(PythonSource("a.py", text))
    ]


@pytest.mark.parametrize(
    ("text", "scheme", "host"),
    [
        ("https://api.shop.dev/v1", "https", "api.shop.dev"),
        ("HTTPS://API.Shop.dev:8443", "https", "api.shop.dev"),
        ("https://user:secret@api.shop.dev/x", "https", "api.shop.dev"),
        ("https://{region}.api.shop.dev/", "https", "*.api.shop.dev"),
        ("https://%s.shop.dev", "https", "*.shop.dev"),
        ("https://<account>.shop.dev", "https", "*.shop.dev"),
        ("https://{{ config['shop'] }}.shop.dev", "https", "*.shop.dev"),
        ("https://api.shop.dev{path}", "https", "api.shop.dev"),
        ("wss://stream.shop.dev./x", "wss", "stream.shop.dev"),
        ("http://[::1]:80/", "http", "::1"),
        ("ftp://10.0.0.7/x", "ftp", "10.0.0.7"),
    ],
)
def test_a_url_has_a_scheme_and_a_host(text: str, scheme: str, host: str) -> None:
    assert parse_url(text) == Url(scheme, host)


@pytest.mark.parametrize(
    "text",
    [
        *("", "https://", "https://{host}/v1", "api.shop.dev", "mailto:a@b.dev", "https://[::1"),
        *("https://" + "a" * 300 + ".dev", "https://-.dev/", "https://a_b.1/", "https://\0.dev"),
    ],
)
def test_what_is_no_url_or_names_no_host_is_none(text: str) -> None:
    assert parse_url(text) is None


@given(st.text())
def test_whatever_the_text_there_is_an_answer(text: str) -> None:
    for one in (text, f"https://{text}", f"https://{text}.dev/"):
        parsed = parse_url(one)
        assert parsed is None or is_host(parsed.host)
    is_covered(text, [text, f"*.{text}"])
    is_local(text)


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "::1", "0.0.0.0", "169.254.1.1", "db", "db.internal", "a.local"]
)
def test_hosts_of_this_machine(host: str) -> None:
    assert is_local(host)


@pytest.mark.parametrize("host", ["api.shop.dev", "10.0.0.7", "8.8.8.8", "local.shop.dev", "localhost.dev"])
def test_hosts_elsewhere(host: str) -> None:
    assert not is_local(host)


@pytest.mark.parametrize("host", ["example.com", "api.example.org", "shop.test", "x.invalid"])
def test_hosts_for_documentation(host: str) -> None:
    assert is_documentation(host)
    assert not is_documentation(f"{host}.dev")


@pytest.mark.parametrize(
    ("host", "declared", "covered"),
    [
        ("api.shop.dev", "api.shop.dev", True),
        ("API.shop.dev.", "api.SHOP.dev", True),
        ("api.shop.dev", "https://api.shop.dev:443/v1", True),
        ("api.shop.dev", "*.shop.dev", True),
        ("a.b.shop.dev", "*.shop.dev", True),
        ("shop.dev", "*.shop.dev", False),
        ("api.shop.dev", "shop.dev", False),
        ("evilshop.dev", "*.shop.dev", False),
        ("api.shop.dev.evil.dev", "api.shop.dev", False),
        ("*.shop.dev", "*.shop.dev", True),
        ("*.shop.dev", "eu.shop.dev", True),
        ("*.shop.dev", "{region}.shop.dev", True),
        ("*.shop.dev", "shop.evil.dev", False),
        ("::1", "[::1]:80", True),
    ],
)
def test_a_declared_host_covers(host: str, declared: str, covered: bool) -> None:
    assert is_covered(host, [declared]) is covered


def test_nothing_is_covered_by_nothing() -> None:
    assert not is_covered("api.shop.dev", [])


ADDRESSES = {
    'BASE_URL = "https://api.shop.dev/v1"': "https:api.shop.dev BASE_URL:1",
    'self.base_url = "https://api.shop.dev"': "https:api.shop.dev base_url:1",
    'requests.get("https://api.shop.dev/v1/orders")': "https:api.shop.dev get(…):1",
    'requests.get(f"https://api.shop.dev/v1/{order}")': "https:api.shop.dev get(…):1",
    'requests.get("https://api.shop.dev" + path)': "https:api.shop.dev get(…):1",
    'requests.get("https://{}.shop.dev".format(shop))': "https:*.shop.dev get(…):1",
    'client = ShopClient("https://api.shop.dev")': "https:api.shop.dev ShopClient(…):1",
    'client = ShopClient(host="api.shop.dev")': ":api.shop.dev host:1",
    'def connect(base_url="https://api.shop.dev"): ...': "https:api.shop.dev base_url:1",
    'URL = os.environ.get("SHOP_URL", "https://api.shop.dev")': "https:api.shop.dev SHOP_URL:1",
    'HOSTS = {"eu": "https://eu.shop.dev"}': "https:eu.shop.dev HOSTS:1",
    'def url_base(self):\n    return "https://api.shop.dev"': "https:api.shop.dev url_base:2",
    'API_HOST = "api.shop.dev:8443"': ":api.shop.dev API_HOST:1",
    'url: str = Field("http://api.shop.dev")': "http:api.shop.dev url:1",
}


@pytest.mark.parametrize("text", ADDRESSES)
def test_what_is_used_as_an_address_is_found(text: str) -> None:
    assert found(text) == [ADDRESSES[text]]


@pytest.mark.parametrize(
    "text",
    [
        '"""See https://docs.shop.dev/api and https://api.shop.dev."""',
        "# https://api.shop.dev",
        'raise ValueError("see https://shop.dev/help/errors")',
        'DOCS_URL = "https://shop.dev/docs"',
        '__url__ = "https://github.com/a/b"',
        'log.info("https://api.shop.dev is slow")',
        'SCHEMA = "http://json-schema.org/draft-07/schema#"',
        'NAMESPACE_URL = "http://www.w3.org/2001/XMLSchema"',
        'SCOPES = ["https://www.googleapis.com/auth/drive"]',
        'headers = {"User-Agent": "demo (+https://shop.dev)", "Referer": "https://shop.dev"}',
        'BASE_URL = "https://api.example.com"',
        'redirect_url = "https://app.shop.dev/callback"',
        'FILE = "hosts.json"',
        'server = "settings.py"',
        'BASE_URL = f"https://{host}/v1"',
        'text.replace("https://", "")',
        'field("url", examples=["https://api.shop.dev"])',
        "",
        "def (:",
    ],
)
def test_what_is_told_or_names_a_thing_is_no_address(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("url", "declared", "fine"),
    [
        (Url("https", "api.shop.dev"), ["api.shop.dev"], True),
        (Url("https", "api.shop.dev"), ["*.shop.dev", "x.dev"], True),
        (Url("https", "api.shop.dev"), ["shop.dev"], False),
        (Url("", "shop.dev"), ["*.shop.dev"], True),
        (Url("", "shop.dev"), ["api.other.dev"], False),
    ],
)
def test_an_address_is_declared(url: Url, declared: list[str], fine: bool) -> None:
    assert is_declared(url, declared) is fine


@pytest.mark.parametrize(
    ("scheme", "host", "plain"),
    [
        ("http", "api.shop.dev", True),
        ("ws", "api.shop.dev", True),
        ("ftp", "api.shop.dev", True),
        ("https", "api.shop.dev", False),
        ("http", "localhost", False),
        ("", "api.shop.dev", False),
    ],
)
def test_an_address_without_encryption(scheme: str, host: str, plain: bool) -> None:
    assert is_unencrypted(Url(scheme, host)) is plain


def a_contract(root: Path, system: str, *hosts: str) -> Contract:
    return Contract(
        root=root,
        file="certification.yaml",
        digest="",
        connector="demo",
        system=system,
        capabilities={},
        policy=Policy(egress_hosts=hosts),
    )


def test_hosts_are_declared_by_the_contract_and_by_its_systems_manifest(tmp_path: Path) -> None:
    (tmp_path / "metadata.yaml").write_text("data:\n  allowedHosts:\n    hosts: [api.shop.dev, 5]\n")
    where = "policy.egress_hosts of certification.yaml"
    airbyte = "data.allowedHosts.hosts of metadata.yaml"
    assert declared_hosts(a_contract(tmp_path, "python", "a.dev")) == {where: ("a.dev",)}
    assert declared_hosts(a_contract(tmp_path, "airbyte", "a.dev")) == {
        where: ("a.dev",),
        airbyte: ("api.shop.dev",),
    }
    assert declared_hosts(a_contract(tmp_path, "python")) == {}


def test_an_empty_list_declares_that_there_is_nobody_to_speak_to(tmp_path: Path) -> None:
    (tmp_path / "metadata.yaml").write_text("data: {allowedHosts: {hosts: []}}\n")
    declared = declared_hosts(a_contract(tmp_path, "airbyte"))
    assert declared == {"data.allowedHosts.hosts of metadata.yaml": ()}
    assert not is_covered("api.shop.dev", [host for said in declared.values() for host in said])


@pytest.mark.parametrize("text", ["[", "- a\n", "data: 5\n", "data:\n  allowedHosts: {hosts: x}\n"])
def test_a_manifest_that_declares_nothing_readable_declares_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "metadata.yaml").write_text(text)
    assert declared_hosts(a_contract(tmp_path, "airbyte")) == {}


def package(root: Path, files: dict[str, str]) -> Repository:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Repository(root)


def test_a_package_is_read_without_its_tests_and_with_what_was_not_read(tmp_path: Path) -> None:
    files = {
        "src/demo/__init__.py": "",
        "src/demo/client.py": "x = 1\n",
        "src/demo/tests/test_client.py": "x = 1\n",
        "src/demo/conftest.py": "",
        "src/demo/data.py": "x = 1\n" * (MAX_SOURCE_BYTES // 6 + 1),
        "src/demo/broken.py": "def (:\n",
        "other.py": "",
    }
    sources = read_package(package(tmp_path, files), "demo", tmp_path / "src/demo")
    assert [one.file for one in sources] == [
        "src/demo/__init__.py",
        "src/demo/broken.py",
        "src/demo/client.py",
    ]
    assert [one.syntax is None for one in sources] == [False, True, False]
    assert sources.notes() == [
        "read 3 modules of demo",
        "not read: 1 modules larger than 1024 KiB",
        "not parsed: src/demo/broken.py",
    ]


@pytest.mark.parametrize("ask", [security.test_tls_is_verified, security.test_urls_are_declared])
def test_a_module_that_cannot_be_parsed_is_not_passed_if_it_may_hold_something(
    tmp_path: Path, ask: Callable[..., None]
) -> None:
    files = {"demo/__init__.py": "", "demo/template.py": "{% if what %}\n"}
    contract = a_contract(tmp_path, "python", "api.shop.dev")

    def judge() -> None:
        sources = read_package(package(tmp_path, files), "demo", tmp_path / "demo")
        given = {"python_sources": sources, "contract": contract, "evidence": EvidenceLog()}
        ask(**{name: given[name] for name in signature(ask).parameters})

    judge()
    files["demo/template.py"] += "url = 'https://api.shop.dev'  # verify\n"
    with pytest.raises(Unverified, match=r"no Python that can be parsed: demo/template\.py"):
        judge()


def test_a_package_that_is_installed_elsewhere_is_shown_by_its_whole_path(tmp_path: Path) -> None:
    package(tmp_path / "site", {"demo/__init__.py": "", "one.py": ""})
    repository = package(tmp_path / "repo", {"README.md": ""})
    (one,) = read_package(repository, "demo", tmp_path / "site/demo")
    assert one.file == f"{(tmp_path / 'site/demo').resolve()}/__init__.py"
    (module,) = read_package(repository, "one", tmp_path / "site/one.py")
    assert module.file.endswith("/site/one.py")


@pytest.mark.parametrize(
    "text",
    [
        "x = [" + "1," * 200_000 + "]",
        "f(" * 200_000,
        "(" * 5_000 + ")" * 5_000,
        "f'" + "{x}" * 30_000 + "'",
        "-" * 500_000 + "1",
        "x = '\0'",
        "lambda: " * 20_000 + "1",
    ],
    ids=["table", "calls", "depth", "fields", "signs", "null byte", "lambdas"],
)
def test_source_that_was_made_to_take_all_day_is_not_parsed(text: str) -> None:
    assert parse(text) is None
    assert [*addresses(PythonSource("a.py", text + "\nurl = 'https://a.dev'"))] == []
