"""What the rules of a source say of sources that are neither good nor broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.connectors import Certified, certify, copy_of

SOURCE = "src/dpone_connector_orders_api/source.py"
CONTRACT = "certification/certification.yaml"
CASSETTES = "certification/cassettes"


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """A copy of the embedded example."""
    return copy_of("dpone", tmp_path)


def edit(root: Path, file: str, *pairs: tuple[str, str]) -> None:
    text = (root / file).read_text("utf-8")
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after)
    (root / file).write_text(text, encoding="utf-8")


def judged(root: Path, *rules: str) -> Certified:
    return certify(root, root.parent / "out", *(word for rule in rules for word in ("--only", rule)))


def test_a_column_that_tells_the_time_of_the_run_is_no_change_of_rows(orders: Path) -> None:
    edit(
        orders,
        SOURCE,
        ('"record": row}', '"record": row | {"loaded_at": datetime.now().isoformat()}}'),
    )
    rules = ("full_read_repeats", "resume_from_every_checkpoint", "retry_after_seconds_is_honoured")
    assert judged(orders, *rules).statuses == dict.fromkeys(rules, "passed")


def test_without_a_schema_nothing_is_said_of_it(orders: Path) -> None:
    edit(orders, SOURCE, ("def schema(self)", "def describe(self)"))
    ended = judged(orders, "schema_is_stable", "rows_match_schema")
    assert set(ended.statuses.values()) == {"unverified"}
    assert "def schema(self)" in ended.rules["rows_match_schema"]["detail"]


def test_a_schema_that_cannot_be_told_is_the_sources_own_fault(orders: Path) -> None:
    edit(orders, SOURCE, ("return source_schema()", "return {}[self._stream]"))
    ended = judged(orders, "schema_is_stable")
    assert ended.rules["schema_is_stable"]["findings"][0]["message"] == "schema() raises KeyError: 'orders'"


def test_states_for_which_nothing_is_recorded_are_named(orders: Path) -> None:
    (orders / CASSETTES / "resume@2.yaml").unlink()
    (orders / CASSETTES / "incremental.yaml").unlink()
    ended = judged(orders, "resume_from_every_checkpoint", "second_read_is_empty")
    assert set(ended.statuses.values()) == {"unverified"}
    said = ended.rules["resume_from_every_checkpoint"]["message"]
    assert said.startswith(
        "nothing is recorded for a read from state 2 (GET api.orders.example/v1/orders was"
    )
    assert ", 3 (" in said


def test_a_source_without_states_cannot_be_taken_up(orders: Path) -> None:
    edit(orders, SOURCE, ("if newest is not None:", "if False:"))
    ended = judged(orders, "resume_from_every_checkpoint", "second_read_is_empty")
    assert {rule["message"] for rule in ended.rules.values()} == {"the source emits no state"}
    assert set(ended.statuses.values()) == {"unverified"}


def test_what_only_reads_in_full_is_not_taken_up(orders: Path) -> None:
    edit(
        orders,
        CONTRACT,
        (
            "    - full_refresh\n    - incremental_append\n    required_tests",
            "    - full_refresh\n    required_tests",
        ),
    )
    rules = ("resume_from_every_checkpoint", "second_read_is_empty", "cursor_is_monotonic")
    assert judged(orders, *rules).statuses == dict.fromkeys(rules, "not_applicable")


def test_records_that_are_not_where_the_contract_says_are_not_compared(orders: Path) -> None:
    edit(
        orders,
        CONTRACT,
        (
            "  cassettes: certification/cassettes",
            '  cassettes: certification/cassettes\n  records: {orders: "$.items[*]"}',
        ),
    )
    ended = judged(orders, "full_read_is_complete", "empty_source_is_fine")
    assert set(ended.statuses.values()) == {"unverified"}


def test_a_happy_path_that_fails_blocks_what_stands_on_it(orders: Path) -> None:
    edit(
        orders,
        SOURCE,
        ("checked = OrdersConfig.from_mapping(config)", "checked = OrdersConfig.from_mapping({})"),
    )
    ended = judged(orders, "full_read_repeats", "rows_match_schema", "empty_source_is_fine")
    assert set(ended.statuses.values()) == {"blocked"}


def test_the_shrunk_value_is_in_the_finding(orders: Path) -> None:
    edit(
        orders,
        SOURCE,
        ('"record": row}', '"record": row | {"customer_id": int(float(row["customer_id"] or 0)) or None}}'),
    )
    message = judged(orders, "wide_and_odd_values").rules["wide_and_odd_values"]["findings"][0]["message"]
    assert message.startswith("customer_id of orders: the value ")
    assert message.endswith((" comes as null", "9007199254740992", "-9007199254740992"))


def test_what_lies_before_a_configured_start_is_not_lost(orders: Path) -> None:
    edit(
        orders,
        SOURCE,
        (
            "                if again or (self",
            '                if row["updated_at"] < "2026-10-02T00:00:00":\n'
            "                    continue\n"
            "                if again or (self",
        ),
    )
    rule = judged(orders, "full_read_is_complete").rules["full_read_is_complete"]
    assert "3 of 14 records give no row" in rule["message"]
    edit(
        orders,
        "src/dpone_connector_orders_api/connector.py",
        (
            '    replace_by: str = "order_date"\n',
            '    replace_by: str = "order_date"\n    start_date: str = ""\n',
        ),
    )
    edit(orders, "certification/config.json", ('"page_size"', '"start_date": "2026-10-02", "page_size"'))
    assert judged(orders, "full_read_is_complete").statuses == {"full_read_is_complete": "passed"}


def test_a_value_that_is_refused_by_name_is_not_blamed(orders: Path) -> None:
    check = (
        '                if row["status"] not in ("shipped", "open", "cancelled", "paid"):\n'
        "                    raise SchemaDrift(f\"order {row['id']}: status is unknown\")\n"
    )
    edit(orders, SOURCE, ("                if again or (self", f"{check}                if again or (self"))
    rule = judged(orders, "wide_and_odd_values").rules["wide_and_odd_values"]
    assert rule["status"] == "passed"
    assert "(refused by name: status)" in rule["evidence"][0]["summary"]


def test_what_one_state_loses_is_told_though_another_cannot_be_tried(orders: Path) -> None:
    (orders / CASSETTES / "incremental.yaml").unlink()
    edit(orders, SOURCE, ("position <= self._start)", "position[0].date() <= self._start[0].date())"))
    rule = judged(orders, "resume_from_every_checkpoint").rules["resume_from_every_checkpoint"]
    assert rule["status"] == "failed"
    assert "taken up from state 1" in rule["findings"][0]["message"]
