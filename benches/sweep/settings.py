"""What a cell of a sweep is set to: one value a key. In a specification each of them may be a list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec

from benches.build.toolchain import CORES
from emulator.schema.table import Problem, Table, about

Natural = Annotated[int, msgspec.Meta(ge=0)]
BenchmarkName = Literal["kws", "vww", "ic", "ad"]
MOST_INFERENCES = 1000
Clock = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^\s*(\d+(\.\d*)?|\.\d+)\s*([kKmMgG]?[hH][zZ])\s*$",
        extra={"form": "a frequency such as 80MHz"},
    ),
]
CoreName = Annotated[
    str, msgspec.Meta(pattern=f"^({'|'.join(CORES)})$", extra={"form": f"one of {', '.join(CORES)}"})
]


class BuildTable(Table, frozen=True, kw_only=True):
    """Firmware that is built for the cell's board; see ``boardless build``."""

    benchmark: Annotated[BenchmarkName, about("Which benchmark's firmware.", example="kws")]
    model: Annotated[
        str | None,
        about("The network, a .tflite file.", by_default="the benchmark's shipped one", example="a.tflite"),
    ] = None
    toolchain: Annotated[Literal["gcc", "zig"], about("The compiler.")] = "gcc"
    opt: Annotated[
        Literal["0", "1", "2", "3", "s", "fast", "z"], about("Optimization, as in -O2.", example="s")
    ] = "2"
    flags: Annotated[str, about("More words for the compiler.", example="-funroll-loops")] = ""
    kernels: Annotated[Literal["optimized", "reference"], about("Which kernels the network calls.")] = (
        "optimized"
    )
    core: Annotated[CoreName | None, about("Core to compile for.", by_default="the board's")] = None


class SettingsTable(Table, frozen=True, kw_only=True):
    """One cell: firmware, board, and the stretch of its run that is measured."""

    image: Annotated[
        str | None,
        about("The firmware file, or kws, vww, ic or ad for a shipped one.", example="a.elf"),
    ] = None
    build: Annotated[BuildTable | None, about("Build the firmware instead.")] = None
    board: Annotated[
        str | None, about("A board's name, or the path of its file.", example="nucleo-l4r5zi")
    ] = None
    parameters: Annotated[dict[str, Any], about("Keys of the board file, laid over it.")] = msgspec.field(
        default_factory=dict
    )
    clock: Annotated[
        Clock | None,
        about(
            "The core's clock: the cycles are priced at it, and what waits for a device waits as long.",
            by_default="what the firmware selects",
            example="80MHz",
        ),
    ] = None
    base: Annotated[
        Natural | None, about("Load address of a raw binary.", hexadecimal=True, example=0x08000000)
    ] = None
    symbols: Annotated[str | None, about("A second file with the image's symbols.", example="app.map")] = None
    benchmark: Annotated[
        BenchmarkName | None, about("Measure inferences of this benchmark.", example="kws")
    ] = None
    input: Annotated[
        str | None, about("The inferences' input.", by_default="a synthetic one", example="yes.bin")
    ] = None
    inferences: Annotated[
        int,
        about(
            "Inferences that are measured, behind one more.",
            at_least=1,
            at_most=MOST_INFERENCES,
            example=5,
        ),
    ] = 1
    after: Annotated[
        str | None,
        about(
            "Begin when the console has sent this; a call is made then.",
            by_default="at reset; a call when main is reached",
            example="m-ready",
        ),
    ] = None
    until: Annotated[str | None, about("End when the console has sent this.", example="done")] = None
    max_cycles: Annotated[Natural | None, about("End so many cycles after the begin.", example=1_000_000)] = (
        None
    )
    function: Annotated[
        str | None, about("Measure the first call that the firmware makes of this.", example="fir")
    ] = None
    call: Annotated[str | None, about("Call this function ourselves, and measure that.", example="crc32")] = (
        None
    )
    arguments: Annotated[list[Any], about("Of the call: numbers.", example=[1, 2.5])] = msgspec.field(
        default_factory=list
    )
    timing: Annotated[Literal["memory", "core", "count"], about("What is modelled.")] = "memory"

    def contradictions(self) -> Iterator[Problem]:
        """Yield what does not go together."""
        if self.image is None and self.build is None:
            yield Problem("image", "there is nothing to run", 'name the firmware: image = "build/app.elf"')
        if self.image is not None and self.build is not None:
            yield Problem("image", "the firmware is built", "take image or [build] away", ("build",))
        is_run = any(item is not None for item in (self.after, self.until, self.max_cycles, self.function))
        if self.call is not None:
            for name in ("until", "function", "benchmark", "input"):
                if getattr(self, name) is not None:
                    yield Problem(name, "a call that we make ends by itself", "take one of the two away")
            odd = [item for item in self.arguments if type(item) not in (int, float)]
            if odd:
                yield Problem("arguments", f"{odd[0]!r} is no number", "give numbers: [1, 2.5]")
        elif self.arguments:
            yield Problem("arguments", "there is no call to give them to", 'name the function: call = "NAME"')
        if (self.benchmark or self.input) and is_run:
            key = "benchmark" if self.benchmark else "input"
            yield Problem(key, "inferences begin and end by themselves", "take what names a stretch away")
        if self.symbols is not None and self.build is not None:
            yield Problem("symbols", "the firmware is built, with its symbols", "take symbols away")
