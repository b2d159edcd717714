"""Make the parts of a connector as its platform would, and tell what they can be asked to do."""

from __future__ import annotations

import os
import sys
from typing import Any

from .drive import find
from .frames import FrameWriter


def describe(task: dict[str, Any], says: FrameWriter) -> None:
    """Make each part of `task`; what it lacks of the methods it must have, or what it raised, is told."""
    os.environ.update(task["environment"])
    sys.path[:0] = task["path"]
    for part in task["parts"]:
        says.send(made={"kind": part["kind"], **_made(part)})


def _made(part: dict[str, Any]) -> dict[str, Any]:
    try:
        factory = find(part["factory"])
    except Exception as error:
        return {"unfound": _said(error)}
    if not callable(factory):
        return {"unfound": "it is not callable"}
    try:
        thing = factory(*part["given"], **part["named"])
    except TypeError as error:
        # Raised by the call itself: the arguments do not fit. Deeper down it is the connector's own affair.
        trace = error.__traceback__
        own = trace is not None and trace.tb_next is not None
        return {"raised" if own else "misfit": _said(error)}
    except Exception as error:
        return {"raised": _said(error)}
    thing = getattr(thing, "connector", thing) if " as " in part["factory"] else thing
    return {"type": type(thing).__qualname__, "has": [one for one in part["methods"] if _has(thing, one)]}


def _has(thing: Any, name: str) -> bool:
    return callable(getattr(thing, name, None))


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:400]
