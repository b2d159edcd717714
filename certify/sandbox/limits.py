"""What a child may use before it is ended. Each limit has its own clear outcome."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Wall time in seconds, memory, file and output sizes in bytes."""

    #: No SDK on a slow disk was seen to take a third of it.
    wall_seconds: float = 30.0
    #: Address space, not resident memory: what maps large files needs room.
    memory_bytes: int = 8 * 1024**3
    #: What is in use, of all its processes together, where there is a /proc.
    resident_bytes: int = 8 * 1024**3
    file_bytes: int = 256 * 1024**2
    output_bytes: int = 32 * 1024**2
    #: An import that neither finds a module nor opens a file for this long stands still.
    stall_seconds: float = 3.0
