"""What can be made: the systems, what a connector of each can do, and the templates that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SOURCE, SINK, STATE = CAPABILITIES = ("source", "sink", "state")

_HTTP = ("requests>=2.31,<3", "urllib3>=2.2,<3")


@dataclass(frozen=True)
class Part:
    """One capability of a system: its folders of templates, and what it is built on.

    `prefix` is what the system's own tools expect a name to begin with; `called` what one is, in two words.
    """

    layers: tuple[str, ...]
    requires: tuple[str, ...] = ()
    prefix: str = ""
    called: str = ""


@dataclass(frozen=True)
class Offer:
    """One system. `prefix` may begin a name, and is no part of what the connector is called then."""

    parts: Mapping[str, Part]
    layers: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    prefix: str = ""
    called: str = "connector"
    #: Whether its connectors are run by their console script.
    is_command: bool = False
    #: Why a capability cannot be made, by what people would ask for.
    lacks: Mapping[str, str] = field(default_factory=dict)


_SOURCE = ("source", "factory_source")
_SINK = ("warehouse", "sink_rows", "factory_sink")
_STATE = ("warehouse", "factory_state")

OFFERS: Mapping[str, Offer] = {
    "dpone": Offer(
        {
            SOURCE: Part((*_SOURCE, "dpone_source"), _HTTP),
            SINK: Part((*_SINK, "dpone_sink")),
            STATE: Part((*_STATE, "dpone_state")),
        },
        layers=("schema", "dpone"),
        requires=("dpone>=0.2,<1",),
        prefix="dpone-connector-",
        called="dpone connector",
    ),
    "python": Offer(
        {SOURCE: Part(_SOURCE, _HTTP), SINK: Part(_SINK), STATE: Part(_STATE)}, layers=("schema",)
    ),
    "singer": Offer(
        {
            SOURCE: Part(("source", "singer_tap"), _HTTP, "tap-", "Singer tap"),
            SINK: Part(("sink_rows", "singer_target"), ("jsonschema>=4.21,<5",), "target-", "Singer target"),
        },
        layers=("schema",),
        is_command=True,
        lacks={STATE: "whoever runs a tap keeps its state"},
    ),
    "airbyte": Offer(
        {SOURCE: Part(("source", "airbyte"), _HTTP, "source-", "Airbyte source")},
        is_command=True,
        lacks={
            SINK: "certify runs no destination yet",
            STATE: "Airbyte's platform keeps the state",
        },
    ),
    "planasonix": Offer(
        {
            SOURCE: Part(("source", "planasonix"), _HTTP),
            SINK: Part((*_SINK, "planasonix")),
        },
        layers=("schema",),
        called="Planasonix connector",
        lacks={STATE: "the platform keeps the checkpoints"},
    ),
}
#: Systems that certify knows, and for which nothing is made.
NOT_OFFERED = {
    "plakar": "a plug-in is a program in Go, built on Plakar's SDK",
    "appseconnect": "an adapter is an assembly for .NET, built on the platform's SDK",
}
