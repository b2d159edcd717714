"""Commands in a page: which are read, and which of them the repository lacks."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from certify.repository import Repository
from certify.repository.docs.commands import absent_files, absent_scripts
from certify.repository.docs.markdown import read_page
from certify.repository.docs.page import CodeBlock
from certify.repository.docs.programs import (
    Names,
    Programs,
    environments_in,
    is_environment,
    scripts_in_setup,
    targets_in,
)
from certify.repository.docs.shell import commands_in

PYPROJECT = '[project]\nname = "acme-orders"\n[project.scripts]\nacme-orders = "acme_orders:main"\n'


def words(text: str, language: str = "bash") -> list[str]:
    return [" ".join(one.words) for one in commands_in(CodeBlock(language, text, 10))]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("pytest -q  # all of them\n# a comment\n", ["pytest -q"]),
        ("$ pytest -q\n12 passed\n$ tox\n", ["pytest -q", "tox"]),
        ("(venv) $ pytest\nme@host:~/x$ tox\n", ["pytest", "tox"]),
        ("a \\\n  --b \\\n  c\nd\n", ["a --b c", "d"]),
        ("$ a \\\n>   --b\n", ["a --b"]),
        ("a | b && c; d || e &\n", ["a", "b", "c", "d", "e"]),
        ("A=1 B='2 3' sudo -u me env C=4 uv run --extra test -p 3.12 pytest x\n", ["pytest x"]),
        ("poetry run tap-x --help\n", ["tap-x --help"]),
        ("cat > x.json <<'EOF'\n{ not a command\nEOF\nnext\n", ["cat", "next"]),
        ("curl -d '{\n \"a\": 1\n}' http://x\nnext\n", ['curl -d {\n "a": 1\n} http://x', "next"]),
        ("for x in a b; do run $x; done\n", ["for x in a b", "run $x"]),
        ("it's not closed\nnext\n", ["next"]),
        ("run > out.txt 2>&1 < in.txt\n", ["run"]),
        ("export A=1\n", ["export A=1"]),
    ],
)
def test_commands_are_read_as_they_would_be_typed(text: str, read: list[str]) -> None:
    assert words(text) == read


def test_a_command_has_the_line_it_begins_on() -> None:
    lines = [one.line for one in commands_in(CodeBlock("sh", "a\n\nb \\\n c\nd\n", 10))]
    assert lines == [10, 12, 14]


def test_an_unmarked_block_is_shell_where_it_has_a_prompt() -> None:
    assert words("$ run it\n", "") == ["run it"]
    assert words("run it\n", "") == []
    assert words("$ run it\n", "python") == []


@pytest.mark.parametrize(
    "text", ["a 'b\n" * 2000, "(" * 16_000, "a \\\n" * 4000, "$ " * 8000, "<< a\n" * 3000]
)
def test_hostile_shell_is_read_in_a_second(text: str) -> None:
    began = time.process_time()
    list(commands_in(CodeBlock("sh", text, 1)))
    assert time.process_time() - began < 10  # measured: 0.4 s


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {
        "pyproject.toml": PYPROJECT,
        "Makefile": "VAR := x\n.PHONY: test\ntest lint: setup\n\tpytest\nsetup:\n\tpip install x\n",
        "tox.ini": "[tox]\nenvlist = py3{11,12}-{unit,real}, lint\n[testenv:docs]\n",
        "tests/unit/test_a.py": "",
        "scripts/load.py": "",
        "certification/run.py": "",
        "src/acme_orders/__init__.py": "",
        "src/acme_orders/tool.py": "",
        "src/acme_orders/cli/__main__.py": "",
        "requirements/dev.txt": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def absent(root: Path, text: str) -> list[str]:
    page = read_page("README.md", f"# R\n\n```bash\n{text}\n```\n")
    programs = Programs(Repository(root))
    found = [*absent_files(page, programs), *absent_scripts(page, programs, ("acme_orders",))]
    return [f"{one.location}: {one.message} → {one.fix}" for one in found]


@pytest.mark.parametrize(
    "command",
    [
        "python certification/run.py",
        "cd certification && python run.py",
        "(cd certification && python run.py) && python scripts/load.py",
        "git clone https://x/acme-orders.git && cd acme-orders && python scripts/load.py",
        "python -m acme_orders.tool",
        "python -m acme_orders.cli",
        "python -m venv .venv && source .venv/bin/activate",
        "python -m http.server",
        "python -W error -m pytest tests/unit::test_x -k 'a/b'",
        "pytest tests/unit/test_a.py::test_x --cov src/gone -n 2",
        "make test lint VAR=x -j4",
        "tox -e py311-unit,lint,docs",
        "tox -e py313",
        "acme-orders --help",
        "pip install -r requirements/dev.txt",
        "python path/to/your_script.py",
        "python my_pipeline.py",
        "python scripts/$NAME.py",
        "python scripts/<name>.py",
        "python ~/scripts/gone.py",
        "python .venv/bin/gone.py",
        "touch scripts/new.py && python scripts/new.py",
        "cat > scripts/new.py <<EOF\nEOF\npython scripts/new.py",
        "cd ../elsewhere && python scripts/gone.py && make gone",
        "dpone init project && python scripts/gone.py",
        "cookiecutter gh:x/y && pytest tests/gone",
        "acme --help",
        "acme_orders.egg --help",
        "dpone plan examples/x.yaml",
        "make -C $DIR gone",
        "make -f other.mk gone",
    ],
)
def test_what_is_there_or_somebody_elses_is_fine(root: Path, command: str) -> None:
    assert absent(root, command) == []


@pytest.mark.parametrize(
    ("command", "message", "fix"),
    [
        ("python certification/gone.py", "there is no certification/gone.py", "correct the path"),
        ("python tools/load.py", "there is no tools/load.py", "write scripts/load.py"),
        ("python setup.py install", "there is no setup.py", "correct the path"),
        ("./install.sh --now", "there is no install.sh", "correct the path"),
        ("bash scripts/gone.sh", "there is no scripts/gone.sh", "correct the path"),
        ("cd scripts && python ../scripts/gone.py", "there is no scripts/gone.py", "correct the path"),
        ("python -m acme_orders.gone", "no module 'acme_orders.gone'", "correct the module"),
        ("python -m acme_orders", "no module 'acme_orders'", "correct the module"),
        ("pytest tests/gone", "there is no tests/gone", "correct the path"),
        ("uv run python -m pytest tests/gone.py", "there is no tests/gone.py", "correct the path"),
        ("make gone", "the Makefile has no target 'gone'", "correct the target"),
        ("make -C docs html", "there is no Makefile in docs", "add it"),
        ("tox -e gone", "tox has no environment 'gone'", "correct its name"),
        ("acme_orders --help", "gives no command 'acme_orders'", "write `acme-orders`"),
        ("pip install -r requirements.txt", "there is no requirements.txt", "correct the path"),
    ],
)
def test_what_is_not_there_is_found_on_its_line(root: Path, command: str, message: str, fix: str) -> None:
    (found,) = absent(root, f"echo begin\n{command}")
    assert found.startswith("README.md:5: ")
    assert message in found
    assert fix in found


def test_tools_that_are_not_configured_are_found(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "acme-orders"\n')
    found = absent(tmp_path, "make test\ntox\nacme-orders --help")
    assert [one.partition(" → ")[0].partition(": ")[2] for one in found] == [
        "`make test`: there is no Makefile in the root",
        "`tox`: tox is not configured here",
        "`acme-orders --help`: installing the package gives no command 'acme-orders'",
    ]


@pytest.mark.parametrize(
    "pyproject",
    [
        '[project]\nname = "acme-orders"\ndynamic = ["scripts"]\n',
        '[project]\nname = "acme"\n',
        "not toml at all",
        '[tool.poetry]\nname = "acme-orders"\n[tool.poetry.scripts]\nacme-orders = "x:y"\n',
    ],
)
def test_a_command_is_not_missed_where_it_may_be_or_may_be_anothers(tmp_path: Path, pyproject: str) -> None:
    (tmp_path / "pyproject.toml").write_text(pyproject)
    page = read_page("README.md", "```sh\nacme-orders\nacme\n```\n")
    assert list(absent_scripts(page, Programs(Repository(tmp_path)), ("acme",))) == []


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("setup(entry_points={'console_scripts': ['a = x:y', 'b=x:y']})", Names(frozenset({"a", "b"}))),
        ("setuptools.setup(entry_points='[console_scripts]\\na = x:y\\n')", Names(frozenset({"a"}))),
        ("setup(entry_points={'console_scripts': 'a = x:y'})", Names(frozenset({"a"}))),
        ("setup(name='x')", Names()),
        ("setup(entry_points=POINTS)", Names(complete=False)),
        ("setup(**KEYWORDS)", Names(complete=False)),
        ("setup(scripts=['bin/x'])", Names(complete=False)),
        ("setup(", Names(complete=False)),
        ("x = " + "(" * 5000, Names(complete=False)),
    ],
)
def test_setup_py_is_read_and_never_run(source: str, names: Names) -> None:
    assert scripts_in_setup(source) == names


def test_setup_cfg_gives_scripts_too(tmp_path: Path) -> None:
    (tmp_path / "setup.cfg").write_text(
        "[metadata]\nname = acme\n[options.entry_points]\nconsole_scripts =\n  acme-run = x:y\n"
    )
    programs = Programs(Repository(tmp_path))
    assert (programs.scripts, programs.distribution) == (Names(frozenset({"acme-run"})), "acme")


@pytest.mark.parametrize(
    ("makefile", "names"),
    [
        ("a b: c\n\tx: y\nD := e\nF = g:h\n", Names(frozenset({"a", "b"}))),
        ("a:\n-include x.mk\n", Names(frozenset({"a"}), complete=False)),
        ("a-%: b\n", Names(frozenset({"a-%"}), complete=False)),
    ],
)
def test_targets_are_what_stands_before_a_colon(makefile: str, names: Names) -> None:
    assert targets_in(makefile) == names


def test_generative_environments_are_written_out_and_factors_combine() -> None:
    environments = environments_in({"tox": {"envlist": "py3{11,12}-{a,b}\nlint"}, "testenv:c": {}})
    assert {"py311-a", "py312-b", "lint", "c"} <= environments.known
    assert is_environment("py313-a", environments)
    assert not is_environment("py313-z", environments)


def test_a_bomb_of_braces_is_not_written_out() -> None:
    began = time.process_time()
    environments_in({"tox": {"envlist": "-".join(["{a,b,c,d}"] * 12)}})
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("tox.ini", "[a]\n" + "x\n" * 30_000),
        ("tox.ini", "[a]\n" + "x\n" * 500_000),
        ("tox.ini", "[tox]\nenvlist = " + "{a,b,c,d,e,f,g,h}" * 40),
        ("pyproject.toml", "a." * 500_000 + "a = 1"),
    ],
)
def test_settings_that_are_not_read_name_nothing_for_sure(file: str, text: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text(text)
    programs = Programs(Repository(tmp_path))
    began = time.process_time()
    assert not programs.scripts.complete
    environments = programs.tox_environments
    assert environments is not None
    assert not environments.complete
    assert time.process_time() - began < 5  # measured: 0.5 s


@pytest.mark.parametrize("file", ["Makefile", "setup.py"])
def test_a_program_of_a_mebibyte_is_not_read_and_names_nothing_for_sure(file: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text("x = 1\n" * 200_000)
    programs = Programs(Repository(tmp_path))
    names = programs.make_targets("") if file == "Makefile" else programs.scripts
    assert names == Names(complete=False)
