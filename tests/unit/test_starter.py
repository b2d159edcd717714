"""What `certify new` writes: texts that are what their names say, under names that harm nothing."""

from __future__ import annotations

import ast
import datetime
import json
import re
import tomllib
import uuid

import pytest
import yaml

from certify.cli.starter.names import names_of
from certify.cli.starter.offers import CAPABILITIES, NOT_OFFERED, OFFERS
from certify.cli.starter.project import TEMPLATES, Project, texts_of
from certify.errors import CertifyError
from certify.systems import CAPABILITIES as SYSTEMS
from tests.starters import STARTERS, Starter

DAY = datetime.date(2026, 11, 22)
#: What YAML, JSON and SQL have words of their own for.
ODD = ("no", "client", "source", "where", "orders.api_v2", "a" * 50)
_MOST = {starter.system: starter for starter in STARTERS}.values()


def texts(starter: Starter, own: str = "orders") -> dict[str, str]:
    offer = OFFERS[starter.system]
    prefix = offer.parts[starter.capabilities[0]].prefix
    names = names_of(f"{prefix}{own}"[:50].rstrip("-"), offer.prefix, prefix)
    return texts_of(Project(names, starter.system, starter.capabilities, DAY, uuid.UUID(int=7)))


@pytest.mark.parametrize("starter", STARTERS, ids=str)
def test_each_file_is_what_its_name_says(starter: Starter) -> None:
    _is_what_its_name_says(texts(starter))


@pytest.mark.parametrize("own", ODD)
@pytest.mark.parametrize("starter", _MOST, ids=str)
def test_each_file_is_so_under_an_odd_name_too(starter: Starter, own: str) -> None:
    _is_what_its_name_says(texts(starter, own))


def _is_what_its_name_says(made: dict[str, str]) -> None:
    for path, text in made.items():
        assert not re.search(r"[{][{%#]|[%#][}]|PACKAGE|LABEL|STRATEGY", text + path), path
        assert text == "" or (text.endswith("\n") and not text.endswith("\n\n")), path
        if path.endswith(".py"):
            ast.parse(text)
        elif path.endswith(".toml"):
            tomllib.loads(text)
        elif path.endswith((".json", ".jsonl")):
            for one in [text] if path.endswith(".json") else text.splitlines():
                json.loads(one)
        elif path.endswith((".yaml", ".yml")):
            yaml.safe_load(text)


@pytest.mark.parametrize("own", ["no", "true", "null"])
def test_a_name_that_yaml_has_a_word_for_stays_a_text(own: str) -> None:
    made = texts(Starter("", "dpone", CAPABILITIES), own)
    examples = [yaml.safe_load(text) for path, text in made.items() if path.startswith("examples/")]
    assert len(examples) == 6
    for one in examples:
        assert own in [one.get(side, {}).get("type") for side in ("source", "sink", "state")]
    planasonix = texts(Starter("", "planasonix", ("source",)), own)
    assert yaml.safe_load(planasonix["connector.yaml"])["name"] == own
    airbyte = texts(Starter("", "airbyte", ("source",)), own)
    assert yaml.safe_load(airbyte["metadata.yaml"])["data"]["name"] == own.capitalize()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            "dpone-connector-My.API",
            "dpone-connector-my-api dpone_connector_my_api my_api MyApi api.my-api.example",
        ),
        ("x--y_z", "x-y-z x_y_z x_y_z XYZ api.x-y-z.example"),
        ("tap-orders", "tap-orders tap_orders tap_orders Orders api.orders.example"),
    ],
)
def test_names_are_derived(given: str, said: str) -> None:
    names = names_of(given, "dpone-connector-", "tap-")
    told = (names.distribution, names.package, names.connector, names.class_name, names.host)
    assert " ".join(told) == said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "no name of a distribution; expected a letter"),
        ("../orders", "no name of a distribution; expected a letter"),
        ("orders/api", "-C DIR says where it is made"),
        ("/tmp/orders", "no name of a distribution"),
        (".", "no name of a distribution"),
        ("3d", "expected a letter"),
        ("orders-", "no name of a distribution"),
        ("orders\n", "no name of a distribution"),
        ("orders api", "no name of a distribution"),
        ("örders", "no name of a distribution"),
        ("{{ name }}", "no name of a distribution"),
        ("a\x1b[31m", r"'a\\u001b"),
        ("a" * 51, "50 at most"),
        ("dpone-connector-3d", "'3d' begins with a digit"),
        ("json", "json is a module of Python's standard library"),
        ("Class", "class is a keyword of Python; choose another name, such as class-connector"),
        ("requests", "requests is the package of requests, which is installed here"),
        ("certify", "certify is a name that the repository or its platform has already"),
        ("singer_sdk", "such as singer-sdk-connector"),
        ("fake-api", "fake_api is a name that the repository"),
        (
            "test-orders",
            "test_orders is what pytest takes for tests; choose another name, such as orders-",
        ),
    ],
)
def test_a_name_that_does_harm_is_refused_with_a_better_one(given: str, said: str) -> None:
    with pytest.raises(CertifyError) as refused:
        names_of(given, "dpone-connector-")
    assert said in str(refused.value)
    assert str(refused.value).isprintable()


def test_every_folder_of_templates_is_used() -> None:
    used = {"base"}
    for offer in OFFERS.values():
        used |= {*offer.layers, *(layer for part in offer.parts.values() for layer in part.layers)}
    there = {one.name for one in TEMPLATES.iterdir()}
    assert used == there


def test_each_system_is_offered_or_its_absence_explained() -> None:
    assert {*OFFERS, *NOT_OFFERED} == set(SYSTEMS)
    for offer in OFFERS.values():
        assert {*offer.parts, *offer.lacks} == set(CAPABILITIES)
