"""Credentials in the files of a repository: found in every form, on their line."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from certify.repository import Repository
from certify.repository.secrets import search as search_module
from certify.repository.secrets import search_source
from tests.unit.secret_samples import (
    PASSWORD,
    TOKEN,
    VENDORS,
    drawn,
    private_key,
    search,
    told,
    web_token,
    write,
)


@pytest.mark.parametrize("words", VENDORS)
def test_what_a_service_issues_is_known_by_its_form_under_any_name(tmp_path: Path, words: str) -> None:
    value = "".join(VENDORS[words])
    (found,) = told(search(tmp_path, {"src/client.py": f'import os\n\nVALUE = "{value}"\n'}))
    assert found.startswith(f"src/client.py:3: {words}")


@pytest.mark.parametrize("file", ["README.md", "tests/test_client.py", "docs/guide.rst", "notes"])
@pytest.mark.parametrize("words", ["a GitHub token", "an AWS access key", "a Stripe key"])
def test_what_a_service_issues_is_found_in_tests_and_pages_too(tmp_path: Path, words: str, file: str) -> None:
    (found,) = told(search(tmp_path, {file: f"text\n{''.join(VENDORS[words])}\n"}))
    assert found.startswith(f"{file}:2: {words}")


@pytest.mark.parametrize("words", ["a Stripe key", "a Google API key", "a GitHub token"])
def test_a_token_that_is_longer_than_its_form_is_one_all_the_same(tmp_path: Path, words: str) -> None:
    text = f'VALUE = "{"".join(VENDORS[words])}{drawn(50)}"\n'
    assert words in told(search(tmp_path, {"client.py": text}))[0]


SECRET_KEY = drawn(40)
UNDER_A_NAME = {
    "client.py": f'API_TOKEN = "{TOKEN}"\n',
    "annotated.py": f'api_token: str = "{TOKEN}"\n',
    "argument.py": f'client = Client(api_key="{TOKEN}")\n',
    "header.py": f'headers = {{"Authorization": "Bearer {TOKEN}"}}\n',
    "spread.py": f'api_key = (\n    "{TOKEN}"\n)\n',
    "default.py": f'token = os.environ.get("API_TOKEN", "{TOKEN}")\n',
    "short.json": f'{{"api_token": "{TOKEN}"}}\n',
    "long.json": f'{{\n  "auth": {{\n    "client_secret": "{TOKEN}"\n  }}\n}}\n',
    "config.yaml": f"source:\n  api_token: {TOKEN}\n",
    "folded.yaml": f"source:\n  api_token: >-\n    {TOKEN}\n",
    "config.toml": f'[source]\napi_token = "{TOKEN}"\n',
    "setup.cfg": f"[source]\napi_token = {TOKEN}\n",
    ".env": f"export API_TOKEN={TOKEN}\n",
    "run.sh": f'curl -H "Authorization: Bearer {TOKEN}" https://api.shop.dev/v1\n',
    "Dockerfile": f"FROM python\nENV API_TOKEN={TOKEN}\n",
    "README.md": f"# Use\n\n```yaml\napi_token: {TOKEN}\n```\n",
    "address.md": f"See https://api.shop.dev/v1/orders?access_token={TOKEN} for it.\n",
    "aws.ini": f"aws_secret_access_key = {SECRET_KEY}\n",
    "minified.js": f"{'var a=function(b){return b+1};' * 200}c.apiToken='{TOKEN}';\n",
    "tests/test_client.py": f'TOKEN = "{TOKEN}"\n',
}


@pytest.mark.parametrize("file", UNDER_A_NAME)
def test_drawn_text_under_the_name_of_a_secret_is_found_on_its_line(tmp_path: Path, file: str) -> None:
    text = UNDER_A_NAME[file]
    line = next(n for n, one in enumerate(text.splitlines(), 1) if TOKEN in one or SECRET_KEY in one)
    (found,) = told(search(tmp_path, {file: text}))
    assert found.startswith(f"{file}:{line}: a")
    assert "(40 characters, the first two are " in found


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("client.py", f'connect(host, password="{PASSWORD}")\n'),
        ("config.yaml", f"database:\n  password: {PASSWORD}\n"),
        ("config.json", f'{{"db_password": "{PASSWORD}"}}\n'),
        ("config.toml", f'passphrase = "{PASSWORD}"\n'),
        (".env", f"DB_PASSWORD={PASSWORD}\n"),
        ("deploy/prod.env", f"SMTP_PASSWORD={PASSWORD}\n"),
        ("run.sh", f"export PASSWORD={PASSWORD}\n"),
        ("docker/Dockerfile", f"ENV DB_PASSWORD={PASSWORD}\n"),
    ],
)
def test_what_a_person_chose_is_found_under_the_name_of_a_password(
    tmp_path: Path, file: str, text: str
) -> None:
    (found,) = told(search(tmp_path, {file: text}))
    assert "password" in found


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "OPENSSH "])
@pytest.mark.parametrize("file", ["key.pem", "config.yaml"])
def test_a_private_key_is_found_and_nothing_of_it_shown(tmp_path: Path, kind: str, file: str) -> None:
    text = "\n".join(f"  {line}" for line in private_key(kind).splitlines())
    found = told(search(tmp_path, {file: f"# a key\nkey: |\n{text}\n"}))
    assert found == [f"{file}:3: a private key"]


def test_a_private_key_on_one_line_of_json_is_found(tmp_path: Path) -> None:
    text = private_key().replace("\n", "\\n")
    (found,) = told(search(tmp_path, {"account.json": f'{{\n "private_key": "{text}"\n}}\n'}))
    assert found.startswith("account.json:2: a private key")


@pytest.mark.parametrize("password", [TOKEN, PASSWORD.replace("!", "")])
def test_a_password_in_a_url_is_found(tmp_path: Path, password: str) -> None:
    text = f'URL = "postgresql://loader:{password}@db.shop.dev:5432/orders"\n'
    (found,) = told(search(tmp_path, {"client.py": text}))
    assert found.startswith("client.py:1: a password in a URL")


def test_a_web_token_that_is_still_good_is_found(tmp_path: Path) -> None:
    token = web_token({"sub": "loader", "exp": 9_999_999_999})
    (found,) = told(search(tmp_path, {"client.py": f'VALUE = "{token}"\n'}))
    assert f"a JSON Web Token under the name 'VALUE' ({len(token)} characters" in found


def test_each_of_many_is_told_and_the_same_on_two_lines_twice(tmp_path: Path) -> None:
    other = drawn(32)
    text = f'API_TOKEN = "{TOKEN}"\nOLD_TOKEN = ""\nclient_secret = "{other}"\nagain(token="{TOKEN}")\n'
    lines = [one.location.line for one in search(tmp_path, {"client.py": text}).secrets]
    assert lines == [1, 3, 4]


def test_utf_16_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    text = f'x = 1\nAPI_TOKEN = "{TOKEN}"\n'
    files: dict[str, str | bytes] = {"a.env": text.encode("utf-16"), "b.env": text.encode("utf-8-sig")}
    assert [str(one.location) for one in search(tmp_path, files).secrets] == ["a.env:2", "b.env:2"]


def test_letters_of_two_characters_in_lower_case_move_nothing(tmp_path: Path) -> None:
    text = "İ" * 300 + f' password = "{PASSWORD}"\n'
    assert len(search(tmp_path, {"config.py": text}).secrets) == 1


def test_the_code_of_a_notebook_is_searched_and_its_outputs_are_not(tmp_path: Path) -> None:
    cell = {"outputs": [f'token = "{drawn(40)}"'], "source": [f'api_token = "{TOKEN}"']}
    text = json.dumps({"cells": [cell]}, indent=0)
    (found,) = search(tmp_path, {"example.ipynb": text}).secrets
    assert TOKEN in text.splitlines()[(found.location.line or 0) - 1]


def test_what_is_not_read_is_counted_or_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_module, "MAX_FILE_BYTES", 1000)
    line = f'API_TOKEN = "{TOKEN}"\n'
    files: dict[str, str | bytes] = {
        "logo.png": line,
        "poetry.lock": line,
        "data.raw": b"\0" + line.encode(),
        "large.py": line * 100,
        "cassettes/a.yaml": line,
    }
    done = search_source(write(tmp_path, files), ["cassettes/a.yaml"])
    assert done.secrets == []
    assert done.read == 0
    assert sum(done.left_out.values()) == 4
    assert [*done.unread] == ["large.py"]
    assert any(note.startswith("not read: large.py, since it is larger") for note in done.notes("files"))


def test_a_fifo_and_a_link_out_of_the_repository_are_no_files_of_it(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text(f'API_TOKEN = "{TOKEN}"\n')
    repository = write(tmp_path / "repo", {"a.py": "x = 1\n"})
    (tmp_path / "repo/link.py").symlink_to(tmp_path / "outside")
    os.mkfifo(tmp_path / "repo/pipe.py")
    done = search_source(repository)
    assert (done.read, done.secrets, done.unread) == (1, [], {})


def test_a_search_that_is_too_much_work_ends_and_says_what_it_did_not_read(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {f"{n}.py": f'password = "{PASSWORD}"\n' * 4000 for n in range(6)}
    done = search(tmp_path, files)
    assert done.work.is_over
    assert "5.py" in done.unread
    assert done.read < 6
    assert done.secrets
    again = search_source(Repository(tmp_path))
    assert [*again.unread] == [*done.unread], "steps are counted, not seconds"
