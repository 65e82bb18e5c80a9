"""What a gate measures, and what it may be: ``boardless.toml``, or a pyproject.toml's ``[tool.boardless]``.

    baseline = "boardless.baseline"

    [measure.kws]
    image = "build/kws.elf"
    board = "nucleo-l4r5zi"
    limits.cycles = { soft = "1 %" }
    limits.stack = { hard = 2048 }

Relative paths begin where the specification lies.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from benches.gate.arguments import FORMS, problem_of
from benches.suite.benchmarks import NAMES
from emulator.errors import UsageError
from emulator.files import read_text
from emulator.schema.checks import problems_of
from emulator.schema.table import Problem, Table, about

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

import msgspec

SPECIFICATION = "boardless.toml"
PYPROJECT = "pyproject.toml"
BASELINE = "boardless.baseline"
NAME = re.compile(r"[A-Za-z0-9_-]+")
PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")
Natural = Annotated[int, msgspec.Meta(ge=0)]


class LimitTable(Table, frozen=True, kw_only=True):
    """What a figure may be. Nothing is worse than the baseline by default."""

    soft: Annotated[
        str,
        about(
            "How far above the baseline it may be, in percent of it; off: it is shown and not judged.",
            form='a share such as "2 %", or "off"',
            pattern=r"^\s*(off|\d+(\.\d+)?\s*%)\s*$",
            example="2 %",
        ),
    ] = "0 %"
    hard: Annotated[Natural | None, about("What it must never be above, whatever the baseline says.")] = None


class MeasurementTable(Table, frozen=True, kw_only=True):
    """One image, the stretch of its run that is measured, and the limits of what is found."""

    image: Annotated[
        str, about("The firmware file, or kws, vww, ic or ad for a shipped one.", example="a.elf")
    ]
    board: Annotated[str | None, about("A board's name, or the path of its file.")] = None
    base: Annotated[Natural | None, about("Load address of a raw binary.", hexadecimal=True)] = None
    symbols: Annotated[str | None, about("A second file with the image's symbols.")] = None
    load: Annotated[
        tuple[str, ...],
        about(
            "Further files of the chip's memory: ELF, HEX or UF2, or raw bytes with their address, as"
            " FILE@ADDRESS.",
            example=["boot.elf", "settings.bin@0x080E0000"],
        ),
    ] = ()
    vectors: Annotated[
        Natural | None, about("Begin by the vector table there.", hexadecimal=True, by_default="the board's")
    ] = None
    start: Annotated[
        Natural | None,
        about("Begin at the instruction there.", hexadecimal=True, by_default="what the vectors say"),
    ] = None
    console: Annotated[
        str | None,
        about("The console in place of the board's, as of `boardless run`.", example="rtt"),
    ] = None
    benchmark: Annotated[str | None, about("Measure one inference of this benchmark.")] = None
    input: Annotated[str | None, about("The inference's input. [default: a synthetic one]")] = None
    warmups: Annotated[int, about("Inferences before the one that is measured.", at_least=0)] = 1
    after: Annotated[
        str | None,
        about(
            "Begin when the console has sent this; a call is made then.",
            by_default="at reset; a call when main is reached",
        ),
    ] = None
    until: Annotated[str | None, about("End when the console has sent this.")] = None
    max_cycles: Annotated[Natural | None, about("End so many cycles after the begin.")] = None
    function: Annotated[str | None, about("Measure the first call that the firmware makes of this.")] = None
    call: Annotated[str | None, about("Call this function ourselves, and measure that.")] = None
    arguments: Annotated[list[Any], about(f"Of the call: {FORMS}.", example=[1, 2.5])] = msgspec.field(
        default_factory=list
    )
    operators_from: Annotated[
        str | None, about("The function whose calls are a network's operators, where no interpreter tells.")
    ] = None
    model: Annotated[str | None, about("The .tflite that names the operators.")] = None
    timing: Annotated[str, about("memory, core or count.", pattern="^(memory|core|count)$")] = "memory"
    limits: Annotated[
        dict[str, LimitTable], about("By figure: cycles, instructions, stack, flash, cause:load-use, ...")
    ] = msgspec.field(default_factory=dict)

    def contradictions(self) -> Iterator[Problem]:
        """Yield what does not go together."""
        runs = [name for name in ("until", "max_cycles", "function") if getattr(self, name) is not None]
        if self.call is not None:
            for name in (*runs, "benchmark", "input"):
                if getattr(self, name) is not None:
                    yield Problem(
                        name, "a call that we make ends by itself", "take one of the two away", ("call",)
                    )
            for problem in filter(None, map(problem_of, self.arguments)):
                yield Problem("arguments", problem, f"give {FORMS}")
        elif self.arguments:
            yield Problem("arguments", "there is no call to give them to", 'name the function: call = "NAME"')
        if (self.benchmark or self.input) and (self.until or self.max_cycles or self.after):
            key = "benchmark" if self.benchmark else "input"
            yield Problem(
                key, "an inference begins and ends by itself", "take after, until and max_cycles away"
            )


class SpecificationTable(Table, frozen=True, kw_only=True):
    """The whole file."""

    baseline: Annotated[str, about("The file with the figures to compare with.")] = BASELINE
    measure: Annotated[dict[str, MeasurementTable], about("By name.")]


@dataclass(frozen=True, slots=True)
class Limit:
    """``tolerance``: share of the baseline that a figure may grow by; None: it is not judged."""

    tolerance: float | None = 0.0
    hard: int | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measurement; paths are whole. ``limits`` by figure."""

    name: str
    table: MeasurementTable
    folder: Path
    limits: Mapping[str, Limit]

    def path(self, text: str) -> Path:
        """A path as the specification means it."""
        return self.folder / text

    @property
    def repository(self) -> Path:
        """The working tree that the specification is in, else its folder; CI systems name files from it."""
        return next((f for f in (self.folder, *self.folder.parents) if (f / ".git").exists()), self.folder)

    @property
    def image(self) -> str:
        """The image's path, or a shipped one's name."""
        path = self.path(self.table.image)
        return self.table.image if self.table.image in NAMES and not path.exists() else str(path)

    @property
    def board(self) -> str | None:
        """The board's name, or the path of its file."""
        board = self.table.board
        return str(self.path(board)) if board is not None and board.endswith(".toml") else board


@dataclass(frozen=True, slots=True)
class Specification:
    """What a gate looks at."""

    file: Path
    baseline: Path
    measurements: tuple[Measurement, ...]


def find_specification(folder: Path) -> Path:
    """The specification of a folder. Raises UsageError when it has none."""
    for name in (SPECIFICATION, PYPROJECT):
        file = folder / name
        if file.is_file() and (name == SPECIFICATION or "boardless" in _document(file).get("tool", {})):
            return file
    raise UsageError(
        f"no {SPECIFICATION} here, and no [tool.boardless] in a {PYPROJECT}",
        where=str(folder),
        next_step="name the file, or write one: docs/ci.md has an example to begin with",
    )


def read_specification(file: Path) -> Specification:
    """Read and check a specification. Raises UsageError that names the key."""
    document = _document(file)
    if "measure" not in document and "boardless" in document.get("tool", {}):
        document = document["tool"]["boardless"]
    problems = problems_of(SpecificationTable, document)
    if problems:
        problem = problems[0]
        raise UsageError(problem.what, where=f"{file}: {problem.key}", next_step=problem.next_step)
    table = msgspec.convert(document, SpecificationTable)
    folder = file.resolve().parent
    for name in table.measure:
        if not NAME.fullmatch(name):
            raise UsageError(
                "a measurement's name has letters, digits, - and _ alone", where=f"{file}: measure.{name}"
            )
    if not table.measure:
        raise UsageError(
            "there is nothing to measure", where=str(file), next_step="add a [measure.NAME] table"
        )
    measurements = tuple(
        Measurement(name, entry, folder, {key: _limit(limit) for key, limit in entry.limits.items()})
        for name, entry in table.measure.items()
    )
    return Specification(file, folder / table.baseline, measurements)


def _document(file: Path) -> dict[str, Any]:
    text = read_text(file, what="specification")
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"is not valid TOML: {error}", where=str(file)) from error


def _limit(table: LimitTable) -> Limit:
    share = PERCENT.fullmatch(table.soft)
    return Limit(float(share[1]) / 100 if share else None, table.hard)
