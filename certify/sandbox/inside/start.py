"""Begin in the connector's interpreter: load the inside under a private name and serve.

Run as `python -s -S -B start.py CONTROL_FD PRIVATE_DIR auto|none`: without `site`, so that no `.pth` file
of the environment runs before the process is isolated.
"""

import sys

#: A connector may well have a module named `probe`; nothing has one named this.
PRIVATE_NAME = "_certify_inside"


def _load_inside(folder: str) -> None:
    import importlib.util

    spec = importlib.util.spec_from_file_location(
        PRIVATE_NAME, folder + "/__init__.py", submodule_search_locations=[folder]
    )
    if spec is None or spec.loader is None:
        raise SystemExit("certify: its own files cannot be read: " + folder)
    package = importlib.util.module_from_spec(spec)
    sys.modules[PRIVATE_NAME] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    if sys.version_info < (3, 10):  # noqa: UP036  the connector's interpreter may be older than ours
        raise SystemExit("certify runs connectors in Python 3.10 or newer; this is " + sys.version.split()[0])
    here = sys.path.pop(0)  # the folder of this file, put there by the interpreter
    _load_inside(here)
    from _certify_inside.zygote import main  # type: ignore[import-not-found]  # loaded just now

    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
