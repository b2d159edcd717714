"""Copy a connector's tree into the sandbox's private folder, where it may be written."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from certify.errors import SandboxError
from certify.repository import Repository

#: A connector's repository is far smaller; a larger one would be copied for a minute.
MAX_FILES = 5_000
MAX_BYTES = 200 * 1024 * 1024
#: A larger file is data, seldom read and never rewritten: a link leads to it, and the sandbox lets nobody
#: write where that leads.
MAX_COPIED = 8 * 1024 * 1024


def copy_tree(repository: Repository, private: Path) -> Path:
    """A fresh folder below `private` with every file that could be released.

    Links become files, and files of more than 8 MiB links to where they are.

    Raises SandboxError when there is too much of it.
    """
    names = repository.all_files
    if len(names) > MAX_FILES:
        raise SandboxError(f"the repository has more than {MAX_FILES:,} files; it is not copied")
    sources = [
        (name, source, source.stat()) for name in names if (source := repository.root / name).is_file()
    ]
    size = sum(facts.st_size for _, _, facts in sources if facts.st_size <= MAX_COPIED)
    if size > MAX_BYTES:
        raise SandboxError(
            f"the repository has {size / 1e6:,.0f} MB; more than {MAX_BYTES / 1e6:,.0f} are not copied"
        )
    target = Path(tempfile.mkdtemp(prefix="tree-", dir=private))
    for name, source, facts in sources:
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if facts.st_size > MAX_COPIED:
            copy.symlink_to(source.resolve())
            continue
        shutil.copyfile(source, copy)
        copy.chmod(0o755 if facts.st_mode & 0o100 else 0o644)
    return target
