"""Choose examples with Hypothesis: the same ones each time, and wherever certify is installed.

Hypothesis is imported when examples are asked for: it takes 200 ms, and few rules need it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hypothesis import Phase, settings
    from hypothesis.strategies import SearchStrategy


def fixed_settings(examples: int, *phases: Phase) -> settings:
    """Settings of a search that finds the same each time and leaves no file; `phases` in their order."""
    from hypothesis import HealthCheck, Verbosity, settings

    leave_out_constants()
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        phases=phases,
        suppress_health_check=tuple(HealthCheck),
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        print_blob=False,
    )


def texts(letters: str, longest: int) -> SearchStrategy[str]:
    """Texts of these letters, of which the first is the simplest.

    For `strategies.text`, whatever its alphabet, Hypothesis makes a table of all of Unicode: 250 ms.
    """
    from hypothesis import strategies as st

    return st.lists(st.sampled_from(letters), max_size=longest).map("".join)


def leave_out_constants() -> None:
    """Have Hypothesis draw no constants of modules that lie outside site-packages.

    Those are certify's own in a checkout, and none in a wheel: with them, examples depend on how certify is
    installed and what else a run has imported. Reading them takes two seconds. There is no setting for it.
    """
    from hypothesis.internal.conjecture import providers

    if hasattr(providers, "is_local_module_file"):
        providers.is_local_module_file = _is_never_local


def _is_never_local(path: str) -> bool:
    return False
