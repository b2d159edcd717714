"""Play recorded traffic back to a connector, on a wire that misbehaves as it is told."""

from certify.replay.cassette import Answer, Asked, Cassette, Recorded, read_cassette
from certify.replay.faults import Fault, Scenario
from certify.replay.matching import CassetteIndex, Miss
from certify.replay.played import Aim, Exchange, Played
from certify.replay.wire import Wire

__all__ = [
    "Aim",
    "Answer",
    "Asked",
    "Cassette",
    "CassetteIndex",
    "Exchange",
    "Fault",
    "Miss",
    "Played",
    "Recorded",
    "Scenario",
    "Wire",
    "read_cassette",
]
