"""Icons: square, plain, and harmless to whoever shows them."""

from __future__ import annotations

import time

import pytest

from certify.repository.docs.icon import icon_defects

NS = 'xmlns="http://www.w3.org/2000/svg"'


def defects(text: str | bytes) -> list[str]:
    data = text.encode() if isinstance(text, str) else text
    return [f"{one.location}: {one.message}" for one in icon_defects("icon.svg", data)]


@pytest.mark.parametrize(
    "svg",
    [
        f'<svg {NS} viewBox="0 0 64 64"/>',
        f'<svg {NS} viewBox="-1,-1 24 24" width="100%" height="100%"/>',
        f'<svg {NS} width="64" height="64px"/>',
        f'<svg {NS} width="1e2" height="100"/>',
        f'<svg {NS} viewBox="0 0 23.999 24"/>',
        f'<svg {NS} viewBox="0 0 30 20" width="64" height="64"/>',
        '<s:svg xmlns:s="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>',
        '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
        f'<svg {NS} viewBox="0 0 1 1"/>',
        f'<svg {NS} viewBox="0 0 1 1"><use href="#a"/><path fill="url(#g)"/>'
        '<image href="data:image/png;base64,AA=="/><style>.a{fill:red}</style></svg>',
    ],
)
def test_a_plain_square_is_fine(svg: str) -> None:
    assert defects(svg) == []


@pytest.mark.parametrize(
    ("svg", "message"),
    [
        (f'<svg {NS} viewBox="0 0 64 32"/>', "is 64 wide and 32 high"),
        (f'<svg {NS} viewBox="0 0 64 64" width="64" height="32"/>', "is 64 wide and 32 high"),
        (f'<svg {NS} viewBox="0 0 0 0"/>', "is 0 wide and 0 high"),
        (f'<svg {NS} viewBox="0 0 inf inf"/>', "is inf wide"),
        (f'<svg {NS} width="64" height="64mm"/>', "in different units"),
        (f"<svg {NS}/>", "neither a viewBox nor a width"),
        (f'<svg {NS} viewBox="none"/>', "neither a viewBox nor a width"),
        ('<svg viewBox="0 0 1 1"/>', "does not say that it is SVG"),
        ("<html/>", "its outermost element is <html>"),
        ("<svg", "not well-formed XML"),
        ("", "not well-formed XML"),
        ("\x89PNG\r\n", "not well-formed XML"),
        ('<?xml version="1.0" encoding="klingon"?><svg/>', "icon"),
    ],
)
def test_another_form_is_told(svg: str, message: str) -> None:
    (found,) = defects(svg)
    assert message in found


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ("<script/>", "holds a <script>"),
        ("<foreignObject/>", "holds a <foreignObject>"),
        ('<a href="https://x"/>', "refers to something outside: https://x"),
        ('<image xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="x.png"/>', "outside: x.png"),
        ('<image href="data:image/svg+xml;base64,AA=="/>', "outside: data:image/svg+xml"),
        ('<a href=" javascript:alert(1)"/>', "outside: javascript:"),
        ('<path onclick="x()"/>', "runs a script: onclick"),
        ("<path style=\"fill:URL( 'https://x')\"/>", "outside: https://x"),
        ("<style>@import 'https://x';</style>", "outside: https://x"),
        ("<style><![CDATA[a{src:url(https://x)}]]></style>", "outside: https://x"),
    ],
)
def test_what_loads_or_runs_is_told_with_its_line(inside: str, message: str) -> None:
    (found,) = defects(f'<svg {NS} viewBox="0 0 1 1">\n\n{inside}\n</svg>')
    assert found.startswith("icon.svg:3: ")
    assert message in found


def test_a_style_sheet_from_outside_is_told() -> None:
    (found,) = defects(f'<?xml-stylesheet href="https://x"?><svg {NS} viewBox="0 0 1 1"/>')
    assert "a style sheet from outside" in found


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMB = f'<!DOCTYPE svg [<!ENTITY l0 "ha">{LAUGHS}]><svg {NS} viewBox="0 0 1 1">&l9;</svg>'


@pytest.mark.parametrize(
    "svg",
    [
        BOMB,
        f'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg {NS} viewBox="0 0 1 1">&x;</svg>',
        '<!DOCTYPE svg [<!ENTITY % x SYSTEM "http://x"> %x;]><svg/>',
    ],
)
def test_entities_are_refused_before_they_are_read(svg: str) -> None:
    began = time.process_time()
    (found,) = defects(svg)
    assert "a document type of its own" in found
    assert time.process_time() - began < 1


def test_an_icon_that_is_deep_or_long_is_refused_in_a_second() -> None:
    began = time.process_time()
    assert "more than 10,000 elements" in defects(f'<svg {NS} viewBox="0 0 1 1">' + "<g>" * 100_000)[0]
    assert "larger than 1 MiB" in defects(b" " * (2**20 + 1))[0]
    assert time.process_time() - began < 10  # measured: 0.2 s


def test_an_icon_that_cannot_be_read_is_told() -> None:
    (found,) = icon_defects("icon.svg", None)
    assert "cannot be read" in found.message


def test_dangers_are_told_twenty_times_at_most() -> None:
    assert len(defects(f'<svg {NS} viewBox="0 0 1 1">' + "<script/>" * 99 + "</svg>")) == 20
