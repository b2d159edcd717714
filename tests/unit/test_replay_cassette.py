"""Cassettes: what vcrpy writes is read, whoever recorded it; what is none is told in one line."""

from __future__ import annotations

import contextlib
import copy
import datetime
import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from certify.errors import CertifyError
from certify.replay import Answer, Asked, Cassette, read_cassette
from tests.unit.report_samples import unhurried

ROW = '{"data": [{"note": "Höhe"}]}'
DATE = "Mon, 05 Oct 2026 06:00:00 GMT"


def interaction(**changes: Any) -> dict[str, Any]:
    """One as vcrpy writes it; `changes` are put in by `request__uri` and the like."""
    made: dict[str, Any] = {
        "request": {
            "method": "GET",
            "uri": "https://user:pass@API.example:8443/v1/rows?limit=2&b=%20",
            "body": None,
            "headers": {"Accept": ["*/*"], "X-Two": ["1", "2"]},
        },
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"Content-Type": ["application/json"], "Date": [DATE]},
            "body": {"string": ROW},
        },
    }
    for place, value in changes.items():
        *holders, last = place.split("__")
        holder = made
        for name in holders:
            holder = holder[name]
        holder[last] = value
    return made


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Cassette]:
    """Write interactions and read them back; as YAML unless another ending is given."""

    def make(*interactions: dict[str, Any], ending: str = ".yaml") -> Cassette:
        path = tmp_path / f"full_refresh{ending}"
        written = {"version": 1, "interactions": [copy.deepcopy(one) for one in interactions]}
        text = json.dumps(written) if ending == ".json" else yaml.safe_dump(written, allow_unicode=True)
        path.write_text(text, encoding="utf-8")
        return read_cassette(path, path.name)

    return make


@pytest.fixture
def refusal(tmp_path: Path) -> Callable[..., str]:
    """What is said of a file that is no cassette."""

    def make(content: str | bytes, ending: str = ".yaml") -> str:
        path = tmp_path / f"full_refresh{ending}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
        with pytest.raises(CertifyError) as caught:
            read_cassette(path, path.name)
        said = str(caught.value)
        assert said.startswith(f"{path.name}: ")
        assert len(said.splitlines()) == 1
        return said

    return make


# --- what is read -------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".yaml", ".yml", ".json"])
def test_a_request_and_its_answer_are_read(read: Callable[..., Cassette], ending: str) -> None:
    (one,) = read(interaction(), ending=ending).recorded
    assert one.asked == Asked(
        "GET",
        "api.example:8443",
        "/v1/rows",
        "limit=2&b=%20",
        {"accept": "*/*", "x-two": "1"},
        is_encrypted=True,
    )
    assert one.answer == Answer(
        200, (("content-type", "application/json"), ("date", DATE)), ROW.encode(), "OK"
    )


def test_a_header_may_be_a_list_a_text_or_nothing(read: Callable[..., Cassette]) -> None:
    asked = {"A": "text", "B": ["first", "second"], "D": None, "E": 7, "F": b"bytes"}
    answered = {"Set-Cookie": ["a=1", "b=2"], "Age": 3, "Etag": "x", "Vary": []}
    (one,) = read(interaction(request__headers=asked, response__headers=answered)).recorded
    assert one.asked.headers == {"a": "text", "b": "first", "d": "", "e": "7", "f": "bytes"}
    assert one.answer.headers == (
        ("age", "3"),
        ("etag", "x"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
    )


def test_a_body_that_was_decoded_is_no_longer_called_gzip(read: Callable[..., Cassette]) -> None:
    """requests and urllib3 record what they have decoded, beside the header of what they had received."""
    headers = {"Content-Encoding": ["gzip"], "Content-Length": ["9"], "Transfer-Encoding": ["chunked"]}
    packed = gzip.compress(ROW.encode(), mtime=0)
    decoded, as_it_was = read(
        interaction(response__headers=headers),
        interaction(response__headers=headers, response__body__string=packed),
    ).recorded
    assert decoded.answer.headers == ()
    assert decoded.answer.body == ROW.encode()
    assert as_it_was.answer.headers == (("content-encoding", "gzip"),)
    assert as_it_was.answer.body == packed


def test_bodies_of_every_kind_are_bytes(read: Callable[..., Cassette]) -> None:
    binary = bytes(range(256))
    one, none, empty = read(
        interaction(request__body=binary, response__body__string=binary),
        interaction(request__body=None, response__body__string=None),
        interaction(request__body="", response__body={}),
    ).recorded
    assert (one.asked.body, one.answer.body) == (binary, binary)
    assert (none.asked.body, none.answer.body) == (b"", b"")
    assert (empty.asked.body, empty.answer.body) == (b"", b"")


def test_a_body_from_a_file_and_one_sent_in_pieces_are_read(tmp_path: Path) -> None:
    path = tmp_path / "full_refresh.yaml"
    text = yaml.safe_dump({"version": 1, "interactions": [interaction(), interaction()]})
    in_file = "body: !!python/object/new:_io.BytesIO\n      state: !!python/tuple [!!binary YWJj, 0, null]"
    in_pieces = "body: !!python/object/apply:builtins.iter\n      args: [[!!binary YWJj, !!binary ZGVm]]"
    path.write_text(text.replace("body: null", in_file, 1).replace("body: null", in_pieces, 1))
    assert [one.asked.body for one in read_cassette(path, path.name).recorded] == [b"abc", b"abcdef"]


def test_what_older_releases_recorded_of_httpx_is_read(read: Callable[..., Cassette]) -> None:
    old = {"status_code": 201, "http_version": "HTTP/1.1", "headers": {"Etag": ["x"]}, "content": ROW}
    (one,) = read(interaction(response=old)).recorded
    assert one.answer == Answer(201, (("etag", "x"),), ROW.encode())


@pytest.mark.parametrize(
    ("dates", "moment"),
    [
        ([DATE], datetime.datetime(2026, 10, 5, 6, tzinfo=datetime.UTC)),
        (["yesterday", DATE], datetime.datetime(2026, 10, 5, 6, tzinfo=datetime.UTC)),
        (["Mon, 05 Oct 2026 06:00:00 -0000"], datetime.datetime(2026, 10, 5, 6, tzinfo=datetime.UTC)),
        (["Mon, 05 Oct 2026 08:00:00 +0200"], datetime.datetime(2026, 10, 5, 6, tzinfo=datetime.UTC)),
        (["", "Mon, 99 Oct 2026 06:00:00 GMT", "2026-10-05T06:00:00Z"], None),
        ([], None),
    ],
)
def test_the_moment_is_that_of_the_first_answer_with_a_date(
    read: Callable[..., Cassette], dates: list[str], moment: datetime.datetime | None
) -> None:
    assert read(*(interaction(response__headers={"Date": [date]}) for date in dates)).moment == moment


def test_a_request_is_shown_without_what_may_be_secret(read: Callable[..., Cassette]) -> None:
    (one,) = read(interaction(request__body="api_key=hunter2")).recorded
    assert str(one.asked) == "GET api.example:8443/v1/rows"
    assert "hunter2" not in repr(one)


# --- what is refused ----------------------------------------------------------------------------------


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CertifyError, match="no such cassette"):
        read_cassette(tmp_path / "full_refresh.yaml", "full_refresh.yaml")
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(CertifyError, match="no such cassette"):
        read_cassette(tmp_path / "pipe.yaml", "pipe.yaml")
    with pytest.raises(CertifyError, match="no such cassette"):
        read_cassette(tmp_path, "folder.yaml")


@pytest.mark.parametrize("ending", [".yaml", ".json"])
@pytest.mark.parametrize(
    "content",
    [
        "",
        " \n",
        "null",
        "[]",
        "3",
        '"text"',
        "{}",
        '{"interactions": 3}',
        '{"interactions": [3]}',
        '{"interactions": [{}]}',
        '{"interactions": [{"request": {}, "response": {}}]}',
        '{"interactions": "text"}',
        '[{"request": {}, "response": {}}]',
        b"\xff\xfe\x00",
        "\ud800",
        "\x00",
        '{"interactions": [' + "[" * 100_000,
        '{"interactions": ' + '{"a":' * 100_000,
        "{" * 1_000_000,
    ],
    ids=lambda content: str(content)[:30],
)
def test_what_is_no_cassette_is_told_in_one_line(
    refusal: Callable[..., str], content: str | bytes, ending: str
) -> None:
    refusal(content, ending)


@pytest.mark.parametrize(
    "change",
    [
        {"request__uri": None, "request__method": ["GET"]},
        {"request__uri": "http://[::1"},
        {"request__uri": ["https://api.example/"]},
        {"request__headers": "text"},
        {"request__headers": {"A": {"b": 1}}},
        {"request": None},
        {"response": None},
        {"response__status": 200},
        {"response__status__code": "two hundred"},
        {"response__status__code": "9" * 5000},
        {"response__status__code": 99},
        {"response__status__code": 600},
        {"response__status__message": ["OK"]},
        {"response__headers": None},
        {"response__headers": {"A": [["deep"]]}},
        {"response__body": None},
        {"response__body": "text"},
    ],
    ids=str,
)
def test_an_interaction_that_is_none_is_told_in_one_line(
    refusal: Callable[..., str], change: dict[str, Any]
) -> None:
    refusal(json.dumps({"version": 1, "interactions": [interaction(**change)]}), ".json")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("ending", [".yaml", ".json"])
def test_a_file_that_was_cut_off_is_told(refusal: Callable[..., str], ending: str, share: float) -> None:
    written = {"version": 1, "interactions": [interaction(), interaction()]}
    whole = json.dumps(written) if ending == ".json" else yaml.safe_dump(written, default_flow_style=True)
    refusal(whole[: int(len(whole) * share)], ending)


def test_a_cassette_executes_nothing(refusal: Callable[..., str], tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    for tag in ("python/object/apply:os.system", "python/object/new:os.system"):
        refusal(f"interactions: !!{tag} ['touch {mark}']")
        assert not mark.exists()


def test_a_cassette_that_refers_to_itself_ten_thousand_times_over_stays_small(
    refusal: Callable[..., str],
) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 12)]
    made = yaml.safe_dump({"interactions": [interaction(request__headers={"A": "BOMB"})]})
    refusal("\n".join([*lines, made.replace("BOMB", "*a11")]))


def test_a_file_too_large_to_be_read_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "full_refresh.yaml"
    with path.open("wb") as file:
        file.truncate(600 * 1024 * 1024)
    with pytest.raises(CertifyError, match=r"full_refresh.yaml: 600 MB are more than the 512 MB"):
        read_cassette(path, path.name)


def test_libyaml_reads_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: Callable[..., str]
) -> None:
    """Without it, 65 MB would take half a minute: that is told; small ones are read all the same."""
    from vcr.serializers import yamlserializer

    assert issubclass(yamlserializer._BaseLoader, yaml.CSafeLoader)
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "interactions": [interaction()]}))
    assert len(read_cassette(path, path.name).recorded) == 1
    assert "without libyaml here: install one of its wheels" in refusal(b"x" * (5 * 1024 * 1024))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
PLACES = st.sampled_from(
    [
        "request",
        "request__uri",
        "request__method",
        "request__headers",
        "request__body",
        "response",
        "response__status",
        "response__status__code",
        "response__headers",
        "response__body",
        "response__body__string",
    ]
)


@unhurried
@given(PLACES, VALUES)
def test_whatever_stands_somewhere_it_is_a_cassette_or_is_told(
    tmp_path_factory: pytest.TempPathFactory, place: str, value: Any
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "interactions": [interaction(**{place: value})]}))
    with contextlib.suppress(CertifyError):
        (one,) = read_cassette(path, path.name).recorded
        assert all(isinstance(text, str) for pair in one.answer.headers for text in pair)
        assert isinstance(one.answer.body, bytes)
