"""`python -m certify`: the command, without the working directory on the path."""

import os
import sys

if sys.path and sys.path[0] in ("", os.getcwd()):  # noqa: PTH109  a module of the connector must not shadow ours
    del sys.path[0]

from certify.cli import main

main()
