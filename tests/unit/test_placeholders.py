"""A target's own configuration leads to a place of certify's."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import make_url

from certify.errors import TargetError
from certify.target.placeholders import filled, has_placeholder, leads_here, places

SERVER = "postgresql://certify:s%40@127.0.0.1:5433/scratch"


def test_a_server_is_told_in_its_parts_and_its_port_is_a_number() -> None:
    there = places(make_url(SERVER), SERVER, "melty.orders", Path("/run"))
    config = {"host": "{host}", "port": "{port}", "auth": ["{user}", "{password}"], "table": "{table}"}
    assert filled(config, there) == {
        "host": "127.0.0.1",
        "port": 5433,
        "auth": ["certify", "s@"],
        "table": "melty.orders",
    }
    assert filled("{host}:{port}/{database}", there) == "127.0.0.1:5433/scratch"
    assert filled("{target_url}", there) == SERVER


def test_a_file_is_told_by_its_path() -> None:
    url = "sqlite:////run/target.db"
    assert filled("{path} in {folder}", places(make_url(url), url, "orders", Path("/run"))) == (
        "/run/target.db in /run"
    )


def test_braces_of_the_configurations_own_are_left_alone() -> None:
    own = {"pattern": "{stream_name}.csv", "count": 3, "none": None}
    assert filled(own, {}) == own
    assert not has_placeholder(own)


def test_a_place_that_there_is_not_is_told() -> None:
    with pytest.raises(TargetError, match=r"asks for \{host\}.*it has \{target_url\}, \{table\}, \{folder\}"):
        filled("{host}", places(None, "file:///run/out", "orders", Path("/run/out")))


@pytest.mark.parametrize(
    ("config", "leads"),
    [({"a": ["x={path}"]}, True), ({"table": "{table}"}, False), ({"path": "/var/data"}, False), ({}, False)],
)
def test_a_configuration_that_leads_elsewhere_is_known(config: object, leads: bool) -> None:
    assert leads_here(config) is leads
