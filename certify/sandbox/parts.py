"""The parts of a connector, as its factories make them: what each can be asked to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from certify.contract import Contract
from certify.rules import HarnessFault
from certify.sandbox.canaries import Seeded
from certify.sandbox.limits import Limits
from certify.sandbox.zygote import Zygote

#: What a platform calls on each part; of alternatives one is enough.
METHODS = {
    "source": (("read", "extract_rows"),),
    "sink": (("load_rows",),),
    "state": (("read_state",), ("write_state",)),
}
#: The same of a system whose connectors are one class, by the role that it is named in.
_METHODS_AS = {
    "planasonix source": (("list",), ("read",), ("test",)),
    "planasonix sink": (("write",), ("test",)),
}
_LIMITS = Limits(wall_seconds=20.0)


@dataclass(frozen=True)
class Part:
    """One part: its kind, the factory that the contract names, and what came of calling it.

    `wrong` says what its platform would stumble over; `raised` what the factory raised for another reason.
    """

    kind: str
    factory: str
    type: str
    wrong: str
    raised: str


def made_parts(zygote: Zygote, contract: Contract, path: tuple[str, ...], planted: Seeded) -> Iterator[Part]:
    """Each part that the contract names, made in a sandbox without a network."""
    plan = contract.subject
    factories = {"source": plan.source, "sink": plan.sink, "state": plan.state}
    named = {kind: factory for kind, factory in factories.items() if factory}
    zygote.start()
    task = {
        "do": "describe",
        "path": list(path),
        "environment": dict(planted.environment),
        "parts": [_asked(kind, one, contract, planted, str(zygote.private)) for kind, one in named.items()],
    }
    ended = zygote.run(task, _LIMITS)
    told = {str(one["made"]["kind"]): one["made"] for one in ended.messages if "made" in one}
    for kind, factory in named.items():
        if kind not in told:
            raise HarnessFault(f"{factory} did not come back: the sandbox ended ({ended.why})")
        yield _part(kind, factory, told[kind])


def methods_of(kind: str, factory: str) -> tuple[tuple[str, ...], ...]:
    """What the platform calls on a part, which the factory may name in a role of its system."""
    return _METHODS_AS.get(factory.partition(" as ")[2], METHODS[kind])


def _asked(kind: str, factory: str, contract: Contract, planted: Seeded, private: str) -> dict[str, Any]:
    url = f"sqlite:///{private}/parts.db"
    claimed = contract.claim(kind)
    strategies = claimed.strategies if claimed else ()
    keys = next(iter(contract.subject.primary_keys.values()), ("id",))
    named = {
        "source": {},
        "sink": {
            "target_url": url,
            "table": contract.target.table or "certify",
            "strategy": strategies[0] if strategies else "full_refresh",
            "primary_key": list(keys),
        },
        "state": {"url": url},
    }[kind]
    methods = [one for alternatives in methods_of(kind, factory) for one in alternatives]
    return {
        "kind": kind,
        "factory": factory,
        "given": [dict(planted.config)],
        "named": named,
        "methods": methods,
    }


def _part(kind: str, factory: str, told: Mapping[str, Any]) -> Part:
    wrong = ""
    if "unfound" in told:
        wrong = f"cannot be found: {told['unfound']}"
    elif "misfit" in told:
        wrong = f"does not take what its platform gives it: {told['misfit']}"
    elif "has" in told:
        absent = [one for one in methods_of(kind, factory) if not set(one) & set(told["has"])]
        names = " and ".join(" or ".join(f"{name}()" for name in one) for one in absent)
        wrong = f"makes a {told['type']} without {names}" if absent else ""
    return Part(kind, factory, str(told.get("type", "")), wrong, str(told.get("raised", "")))
