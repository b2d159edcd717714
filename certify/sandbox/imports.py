"""Observe what importing a package does: one fork for all its modules, more only to assign blame."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from certify.errors import SandboxError
from certify.model import Location
from certify.sandbox.inside.state import NAMES
from certify.sandbox.limits import Limits
from certify.sandbox.observed_import import (
    HARMFUL,
    HeavyModule,
    HeldClient,
    ImportCost,
    ImportFailure,
    ImportObservation,
    ImportPlan,
    PublicName,
    SideEffect,
)
from certify.sandbox.zygote import Ended, Zygote

#: After a crash or a hang the modules behind it get a new process, so often.
_RESTARTS = 2


def observe_import(
    zygote: Zygote, plan: ImportPlan, limits: Limits, hidden: Iterable[str] = (), blame: bool = True
) -> ImportObservation:
    """Import every module of the plan and tell what happened.

    `hidden` are top-level names that must not be found. Raises SandboxError when the harness fails.
    """
    observer = _Observer(zygote, plan, limits, tuple(hidden))
    observer.import_all()
    if blame:
        observer.assign_blame()
    return observer.observation()


def measure_import(zygote: Zygote, plan: ImportPlan, limits: Limits) -> ImportCost | None:
    """The cost of one more import in a fresh process; None when it does not come to its end."""
    return observe_import(zygote, plan, limits, blame=False).cost


class _Observer:
    """Runs the probe as often as needed and gathers what it says."""

    def __init__(self, zygote: Zygote, plan: ImportPlan, limits: Limits, hidden: tuple[str, ...]) -> None:
        self.zygote, self.plan, self.limits, self.hidden = zygote, plan, limits, hidden
        self.imported: list[str] = []
        self.failures: list[ImportFailure] = []
        self.effects: list[SideEffect] = []
        self.changed: list[dict[str, Any]] = []
        self.patches: list[list[str]] = []
        self.done: dict[str, Any] = {}
        self.stopped_at: list[str] = []
        self.isolation = self.interpreter = self.private = ""

    def import_all(self) -> None:
        left = list(self.plan.modules)
        for _ in range(_RESTARTS + 1):
            if not left:
                return
            ended = self._probe(left, watched=None)
            self._take(ended)
            reached = [message["importing"] for message in ended.messages if "importing" in message]
            if "done" in (ended.messages[-1] if ended.messages else {}):
                return
            stopped_at = reached[-1] if reached else left[0]
            self.stopped_at.append(self._innermost(ended, stopped_at))
            self._add_failure(self._sudden_end(ended, stopped_at))
            behind = left[left.index(stopped_at) + 1 :]
            left = [name for name in behind if not name.startswith(stopped_at + ".")]

    def _probe(self, modules: list[str], watched: list[str] | None) -> Ended:
        plan = self.plan
        task = {
            "do": "import",
            "package": plan.package,
            "path": str(plan.path) if plan.path else None,
            "folders": [str(folder) for folder in plan.folders],
            "modules": modules,
            "hidden": list(self.hidden),
            "stopped_at": self.stopped_at,
            "watched": watched,
            "stall_seconds": self.limits.stall_seconds,
            "names": list(plan.names),
        }
        self.isolation = self.zygote.start()["isolation"]
        self.interpreter = self.zygote.ready["executable"]
        self.private = str(self.zygote.private)
        ended = self.zygote.run(task, self.limits)
        for message in ended.messages:
            if "fault" in message:
                raise SandboxError(
                    f"the import probe failed: {str(message['fault']).strip().splitlines()[-1]}"
                )
        return ended

    def _take(self, ended: Ended) -> None:
        for message in ended.messages:
            if "effect" in message:
                self._add_effect(self._effect(message["effect"]))
            elif "imported" in message:
                self._take_module(message["imported"])
            elif "done" in message:
                self.done = message["done"]
                self.changed += self.done["changed"]
                self.patches += self.done["patches"]
        said = sum(1 for effect in self.effects if effect.kind in ("print", "process"))
        if ended.output_bytes and not said:
            text = ended.output.decode("utf-8", "backslashreplace").strip()[:100]
            detail = f"prints {ended.output_bytes} bytes past sys.stdout: {text}"
            self.effects.append(SideEffect("print", detail, None, True, self.plan.package, None))

    def _add_effect(self, effect: SideEffect) -> None:
        """Once: a process that starts again behind a crash comes by the same lines."""
        if all(replace(one, module="") != replace(effect, module="") for one in self.effects):
            self.effects.append(effect)

    def _take_module(self, told: dict[str, Any]) -> None:
        error = told["error"]
        if error is None:
            self.imported.append(told["name"])
            return
        if error["stopped"]:
            return  # the failure of the module it stands on is told
        missing = error["missing"] if "ModuleNotFoundError" in error["bases"] else None
        no_distribution = "PackageNotFoundError" in error["bases"]
        location = self._location(error["file"], error["line"])
        message = self._without_private(" ".join(error["message"].split()))
        self._add_failure(
            ImportFailure(told["name"], error["type"], message, location, missing, no_distribution)
        )

    def _add_failure(self, failure: ImportFailure) -> None:
        """One failure a cause: what was refused to an effect is that effect's finding."""
        consequence = failure.location is not None and any(
            effect.location == failure.location and effect.counts and effect.kind in HARMFUL
            for effect in self.effects
        )
        same = replace(failure, module="")
        if not consequence and all(replace(one, module="") != same for one in self.failures):
            self.failures.append(failure)

    def _effect(self, told: dict[str, Any]) -> SideEffect:
        return SideEffect(
            kind=told["kind"],
            detail=self._without_private(told["detail"]),
            package=told["package"],
            own=told["own"] or told["package"] is None,
            module=told["module"],
            location=self._location(told["file"], told["line"]),
        )

    def _without_private(self, text: str) -> str:
        """The sandbox's own folder has another name each time; the connector knows it as its home."""
        private = self.private
        return text.replace(private, "~") if private else text

    def _location(self, file: str | None, line: int | None) -> Location | None:
        if file is None:
            return None
        path = Path(file)
        shown = path.relative_to(self.plan.root) if path.is_relative_to(self.plan.root) else path
        return Location(shown.as_posix(), line)

    def _sudden_end(self, ended: Ended, module: str) -> ImportFailure:
        """The process did not come to its end: say why, and at which line if the traceback tells."""
        location = self._crash_location(ended.crash)
        exits = [effect for effect in self.effects if effect.kind == "exit"]
        limit = next(
            (message["limit"]["what"] for message in ended.messages if "limit" in message), ended.why
        )
        if limit == "output":
            return ImportFailure(module, "output", "prints without end", location or self._last_print())
        if limit == "lost":
            raise SandboxError(f"importing {module} ended the sandbox itself; nothing can be said about it")
        if limit != "exit":
            return ImportFailure(module, limit, _LIMIT_WORDS[limit].format(self.limits), location)
        if "Timeout (" in ended.crash:
            words = f"stands still for {self.limits.stall_seconds:g} s"
            return ImportFailure(module, "hang", words, location)
        if ended.signal is not None:
            return ImportFailure(module, "crash", f"the interpreter dies of signal {ended.signal}", location)
        if exits:
            return ImportFailure(module, "exit", "ends the process", exits[-1].location)
        return ImportFailure(module, "exit", f"ends the process with exit code {ended.code}", location)

    def _innermost(self, ended: Ended, asked: str) -> str:
        """The module in which it stopped, which may stand behind the one that was asked for."""
        location = self._crash_location(ended.crash)
        folder = self.plan.folders[0]
        if location is None or location.file is None:
            return asked
        path = self.plan.root / location.file
        if not path.is_relative_to(folder) or path.suffix != ".py":
            return asked
        inner = path.relative_to(folder).with_suffix("").parts
        name = ".".join([self.plan.package, *(part for part in inner if part != "__init__")])
        return name if name in self.plan.modules else asked

    def _crash_location(self, crash: str) -> Location | None:
        """The innermost of the connector's lines in a `faulthandler` traceback (most recent call first)."""
        for file, line in re.findall(r'File "(.+)", line (\d+)', crash):
            if any(Path(file).is_relative_to(folder) for folder in self.plan.folders):
                return self._location(file, int(line))
        return None

    def _last_print(self) -> Location | None:
        return next((one.location for one in reversed(self.effects) if one.kind == "print"), None)

    def assign_blame(self) -> None:
        """Find the lines behind changes of shared state, each module in a fresh process, lines followed."""
        own = [change for change in self.changed if change["own"]]
        patched = sorted({name for name, _ in self.patches})
        modules = sorted({change["module"] for change in own})
        if patched:
            modules = list(self.plan.modules)
        if not modules:
            return
        runs = [[module] for module in modules] if not patched else [modules]
        traced = [self._traced(run, patched) for run in runs]
        blamed = [change for changes in traced for change in changes if change["own"]]
        by_key = {(change["module"], change["key"]): change for change in reversed(blamed)}
        for change in own:
            seen = by_key.get((change["module"], change["key"]), change)
            self.effects.append(
                self._change_effect(change["key"], NAMES[change["key"]], change["told"], seen)
            )
        for name in patched:
            seen_patch = next((one for one in reversed(blamed) if one["key"] == name and one["line"]), None)
            if seen_patch:
                self.effects.append(self._change_effect("patch", name, "is replaced", seen_patch))

    def _traced(self, modules: list[str], watched: list[str]) -> list[dict[str, Any]]:
        ended = self._probe(modules, watched)
        done: dict[str, Any] = next((one["done"] for one in ended.messages if "done" in one), {})
        return list(done.get("changed", ()))

    def _change_effect(self, key: str, name: str, told: str, seen: dict[str, Any]) -> SideEffect:
        kind = "patch" if key == "patch" else "state"
        location = self._location(seen["file"], seen["line"])
        return SideEffect(
            kind, self._without_private(f"{name} {told}"), self.plan.package, True, seen["module"], location
        )

    def observation(self) -> ImportObservation:
        self._check_origin()
        return ImportObservation(
            plan=self.plan,
            isolation=self.isolation,
            interpreter=self.interpreter,
            imported=tuple(self.imported),
            failures=tuple(self.failures),
            effects=tuple(self.effects),
            cost=_cost(self.done) if self.done else None,
            clients=tuple(HeldClient(**one) for one in self.done.get("clients", ())),
            names={name: _public(told) for name, told in self.done.get("names", {}).items()},
        )

    def _check_origin(self) -> None:
        """What was imported must be what is to be certified, not a namesake from elsewhere."""
        file = self.done.get("file")
        if file and not any(Path(file).is_relative_to(folder) for folder in self.plan.folders):
            raise SandboxError(
                f"{self.plan.package} was imported from {file}, not from {self.plan.folders[0]}: "
                "another package of this name comes first"
            )


def _cost(done: dict[str, Any]) -> ImportCost:
    seconds = done["seconds"]
    return ImportCost(
        connector_seconds=seconds.get("connector", 0.0),
        third_party_seconds=seconds.get("third party", 0.0),
        python_seconds=seconds.get("python", 0.0),
        modules=done["modules"],
        heaviest=tuple(HeavyModule(*one) for one in done["heaviest"]),
    )


def _public(told: dict[str, Any]) -> PublicName:
    texts = told.get("texts")
    return PublicName(
        told["present"], told.get("text"), None if texts is None else tuple(texts), told.get("type")
    )


_LIMIT_WORDS = {
    "wall": "does not end within {0.wall_seconds:g} s",
    "output": "prints without end",
    "processes": "starts processes without end",
}
