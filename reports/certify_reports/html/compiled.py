"""Keep compiled templates where Python keeps compiled modules: compiling them takes longer than a page."""

from __future__ import annotations

import contextlib
import sys
from importlib.util import cache_from_source
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket, FileSystemBytecodeCache

_SUFFIX = f"{jinja2.__version__}.{sys.implementation.cache_tag}"


class Compiled(FileSystemBytecodeCache):
    """Beside the compiled module that says how templates are compiled, as Python's settings allow.

    What cannot be kept is compiled anew.
    """

    def __init__(self, module: Path) -> None:
        super().__init__(str(Path(cache_from_source(str(module))).parent), f"template-%s.{_SUFFIX}")
        self._how = module.read_text("utf-8")

    def get_source_checksum(self, source: str) -> str:
        """Of the template, and of the module that says how it is compiled."""
        return super().get_source_checksum(source + self._how)

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what was kept, unless it cannot be read."""
        with contextlib.suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it, if Python keeps anything, and where the folder can be written."""
        if not sys.dont_write_bytecode:
            with contextlib.suppress(OSError):
                super().dump_bytecode(bucket)
