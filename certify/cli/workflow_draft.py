"""Write the workflow that certifies a connector on GitHub."""

from __future__ import annotations

import os
import re
from pathlib import Path

from certify import __version__
from certify.cli.contract_draft import flow
from certify.errors import CertifyError
from certify.repository.git import git

#: Where GitHub looks, from the top of the repository.
PLACE = ".github/workflows/certification.yml"
_WORKFLOW = """\
# Certify the connector on every pull request. The step annotates the lines that fail, writes the report into
# the summary, and keeps it as an artifact; it fails unless the verdict is `certified`.
# OWNER is whoever hosts certify. To attach the report to releases, see its reusable workflow.
name: certification

on:
  pull_request:
  push:
    branches: [main]

permissions:
  contents: read

jobs:
  certify:
    runs-on: ubuntu-latest
    timeout-minutes: 60
    steps:
      - uses: actions/checkout@v7
        with:
          persist-credentials: false
      - uses: OWNER/certify/.github/actions/certify@v{version}
        with:
          connector: {connector}
"""


def workflow_text(connector: str) -> str:
    """The YAML of the workflow; `connector` is the folder's path from the top of the repository."""
    return _WORKFLOW.format(version=__version__, connector=flow(connector))


def top_of(root: Path) -> tuple[Path, str]:
    """The top of the git repository that a connector lies in, else its folder; and the way from there to it.

    Raises CertifyError where the action could not be given that path.
    """
    told = git(root, "rev-parse", "--show-toplevel")
    top = Path(os.path.realpath(os.fsdecode(told.rstrip(b"\n")))) if told else root
    way = root.relative_to(top).as_posix() if root.is_relative_to(top) else "."
    if re.search(r"[^\w./@+-]", way):
        raise CertifyError(
            f"{way}: a workflow cannot name this folder, which has a space or a sign in its path"
        )
    return top, way


def is_in_repository(folder: Path) -> bool:
    """Whether a git repository is around it: GitHub looks for workflows at the top of that one alone."""
    return bool(git(folder, "rev-parse", "--show-toplevel"))
