"""docs/boards.md: every board, what was run on it, what of it is modelled, where its figures come from.

``python -m tests.packaging.boards_page`` writes it anew, from the board files, the catalogues of published
images, the measured error bands, and the lists of boards that the tests of firmware go through.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from benches.build.firmware import SHIPPED
from benches.silicon.catalog import development_catalog
from benches.silicon.streaming_catalog import streaming_catalog
from emulator.board.model import Accelerator, Board, DeviceEntry
from emulator.board.reader import list_boards, load_board
from emulator.cli.words import hertz_in_words
from emulator.learning.rules import QUIET
from tests.firmware.test_every_board import BUILT, LARGE, TOO_SMALL
from tests.peripherals.test_board_bringup import BOARDS as BROUGHT_UP

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "boards.md"
IMAGES = ROOT / "benches" / "images"
BANDS = ROOT / "benches" / "silicon" / "error_bands.json"
HEAD = """\
# Boards

`boardless boards NAME` shows one in full: memory map, clocks, devices, sources. A board that is not here:
[new-board.md](new-board.md); a variant of one that is: [board-file.md](board-file.md). All figures are
simulated and unofficial; how far they are from silicon is measured by `boardless validate`
([FIDELITY.md](../FIDELITY.md)).

* **run**: published images whose latency on the board is known; images that are shipped and compared with the
  golden outputs by the tests; the benchmarks' firmware that the tests build for the board and compare alike;
  bring-up firmware, which programs the PLL, console and a timer as vendor code does and holds the timer
  against the cycle counter.
* **modelled**: devices that do what the chip's do, as far as their class says; **registers only**: devices
  that keep what is written to them, with ready bits, and do nothing else.
* **time**: what was measured on this board, and where its memories' parameters are from: the chip's manual,
  a fit to measured images, or a guess. A board without a line of measured images has figures without a band.

This page is written by `python -m tests.packaging.boards_page`.
"""


def page() -> str:
    """The whole page."""
    boards = [load_board(name) for name in list_boards()]
    rows = [
        f"| [{b.name}](#{_anchor(b)}) | {b.title} | {b.core} | {hertz_in_words(b.nominal_hz)} | {_short(b)} |"
        for b in boards
    ]
    table = ["| board | | core | clock | measured |", "| --- | --- | --- | --- | --- |", *rows]
    return "\n\n".join([HEAD.strip(), "\n".join(table), *(_section(board) for board in boards)]) + "\n"


def _anchor(board: Board) -> str:
    """A heading's, as GitHub makes it: without full stops."""
    return board.name.replace(".", "")


def _short(board: Board) -> str:
    count = len(_ratios(board))
    return f"{count} image{'s' if count != 1 else ''}" if count else "not"


def _section(board: Board) -> str:
    lines = [f"## {board.name}", "", f"{board.title}.", ""]
    lines += [f"* run: {text}" for text in _run(board)]
    modelled = [device for device in board.devices if device.type != QUIET]
    quiet = [device for device in board.devices if device.type == QUIET]
    lines.append(f"* modelled: {_devices(modelled)}")
    if quiet:
        lines.append(f"* registers only: {', '.join(device.name for device in quiet)}")
    lines += [f"* time: {text}" for text in _time(board)]
    return "\n".join(lines)


# -- what was run ---------------------------------------------------------------------------------
def _run(board: Board) -> Iterator[str]:
    published = [row for row in development_catalog() if row.board == board.name]
    if published:
        yield f"published images: {_by_benchmark((row.version, row.benchmark) for row in published)}"
    streaming = [row for row in streaming_catalog() if row.board == board.name]
    if streaming:
        versions = sorted({row.version for row in streaming})
        yield f"published images of streaming wake word: {', '.join(versions)}"
    shipped = sorted(path.stem.removesuffix(f"-{board.name}") for path in IMAGES.glob(f"*-{board.name}.elf"))
    if shipped:
        yield f"shipped images: {', '.join(shipped)}"
    if board.name in BUILT:
        long = sorted({benchmark for benchmark, name in LARGE if name == board.name})
        others = f", and in the long matrix {', '.join(long)}" if long else ""
        yield f"the benchmarks' firmware, built for it: kws{others}"
    if board.name in TOO_SMALL:
        yield f"of the benchmarks' firmware nothing: its RAM is too small for {', '.join(SHIPPED)}"
    if board.name in BROUGHT_UP:
        yield f"bring-up firmware: `firmware/bringup/{BROUGHT_UP[board.name].source}`"


def _by_benchmark(pairs: Iterable[tuple[str, str]]) -> str:
    """``"ad (v1.1, v1.2), kws (v1.1)"``."""
    found: dict[str, set[str]] = {}
    for version, benchmark in pairs:
        found.setdefault(benchmark, set()).add(version)
    return ", ".join(f"{name} ({', '.join(sorted(found[name]))})" for name in sorted(found))


# -- what is modelled -----------------------------------------------------------------------------
def _devices(devices: Iterable[DeviceEntry]) -> str:
    """The devices by the class that models them."""
    kinds: dict[str, list[str]] = {}
    for device in devices:
        kinds.setdefault(device.type.partition(":")[2], []).append(device.name)
    return "; ".join(f"{', '.join(names)} (`{kind}`)" for kind, names in sorted(kinds.items()))


# -- where time comes from --------------------------------------------------------------------------
def _ratios(board: Board) -> list[float]:
    """Modelled by published latency of the board's measured images."""
    titles = {row.title for row in development_catalog() if row.board == board.name}
    images = json.loads(BANDS.read_text(encoding="utf-8"))["images"]
    return [image["ratio"] for image in images if image["name"] in titles]


def _time(board: Board) -> Iterator[str]:
    ratios = _ratios(board)
    if ratios:
        plural = "s" if len(ratios) != 1 else ""
        worst = max(ratios, key=lambda ratio: abs(ratio - 1))
        mean = sum(abs(ratio - 1) for ratio in ratios) / len(ratios)
        yield (
            f"measured on the board: {len(ratios)} image{plural}, modelled latency on average"
            f" {100 * mean:.1f} % off, at worst {100 * (worst - 1):+.1f} %"
        )
    else:
        yield "no measured image: figures without a band"
    for accelerator in board.accelerators:
        yield _parameters(accelerator)
    if not board.accelerators:
        yield "memories answer at once: no flash or cache is before them"


def _parameters(accelerator: Accelerator) -> str:
    counts = {"manual": 0, "fit": 0, "guess": 0, "not said": 0}
    for name in accelerator.parameters:
        source = accelerator.sources.get(name, "")
        kind = "fit" if "fitted" in source else "guess" if "guess" in source.lower() else "manual"
        counts[kind if source else "not said"] += 1
    told = ", ".join(f"{kind} {count}" for kind, count in counts.items() if count)
    return f"`accelerators.{accelerator.name}` (`{accelerator.kind}`), parameters from: {told}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
