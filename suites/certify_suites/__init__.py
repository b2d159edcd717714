"""The rulebook: one pytest module an area, one function a rule."""

#: The order in which areas run and are reported: what others stand on first, what takes long last. Security
#: searches what came out of all runs before it.
__all__ = [  # noqa: RUF022  the order is the point
    "import_safety",
    "manifest",
    "docs",
    "packaging",
    "airbyte",
    "plakar",
    "protocol",
    "source",
    "quality",
    "sink",
    "targets",
    "state",
    "error_paths",
    "security",
    "performance",
]
