"""The tables of FIDELITY.md that are made of what a validation left behind.

``python -m benches.silicon.fidelity`` writes them anew, between their markers, from the file of error bands
(``boardless validate --update-bands``), the declared constants and the cores' tables; a test holds the page
to it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benches.silicon.catalog import development_catalog
from benches.silicon.constants import core_figures
from benches.silicon.error_bands import BandTable, read_bands
from benches.silicon.error_figures import error_figures
from benches.silicon.fitted_constants import fitted_constants, values_as_they_are
from benches.silicon.measured_images import MeasuredImage
from emulator.board.reader import load_board
from emulator.errors import UsageError
from emulator.files import OutputFile, read_text
from emulator.installation.documents import FIDELITY, document
from emulator.timing.cores.table import STATUSES

STATUS_ORDER = ("trm", "measured", "fitted", "guess")
BEGIN, END = "<!-- table: {} -->", "<!-- end of table -->"
assert set(STATUS_ORDER) == STATUSES


def with_tables(page: str, bands: BandTable) -> str:
    """The page with its tables as they should be. Raises UsageError for one that it does not have."""
    for name, lines in TABLES.items():
        begin, end = f"{BEGIN.format(name)}\n", f"{END}\n"
        before, found, rest = page.partition(begin)
        _old, ended, after = rest.partition(end)
        if not found or not ended or begin in after:
            raise UsageError(
                f"no one place for the table {name!r}",
                where=FIDELITY,
                next_step=f"Mark one with a line {begin.strip()} and a line {end.strip()}.",
            )
        page = before + begin + "\n".join(lines(bands)) + "\n" + end + after
    return page


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.1f} %"


def _signed(ratio: float) -> str:
    return f"{100 * (ratio - 1):+.1f} %"


# -- the tables ------------------------------------------------------------------------------------------
def _summary(bands: BandTable) -> Iterator[str]:
    head = ("core, memories", "images", "families", "mean", "worst", "left out: mean", "worst", "band")
    rows = []
    for band in bands.bands:
        images = [
            i for i in bands.images if (i.situation.core, i.situation.memory) == (band.core, band.memory)
        ]
        words = f"{band.words} for {100 * band.percentile:.0f} %"
        name = f"{band.core}, {band.memory}"
        rows.append((name, str(len(images)), str(band.families), *_errors(images), words))
    families = {image.family for image in bands.images}
    total = ("all", str(len(bands.images)), str(len(families)), *_errors(bands.images), "")
    yield from _table(head, [*rows, tuple(f"**{cell}**" if cell else "" for cell in total)])


def _errors(images: Sequence[MeasuredImage]) -> tuple[str, ...]:
    fitted = error_figures([image.ratio for image in images])
    left_out = error_figures([image.judged_ratio for image in images])
    return tuple(
        _percent(error)
        for figures in (fitted, left_out)
        for error in (figures.mean_abs_error, figures.worst_abs_error)
    )


def _images(bands: BandTable) -> Iterator[str]:
    published = {row.title: row.cycles_at(0) for row in development_catalog() if row.mode == "performance"}
    rows = []
    for image in sorted(bands.images, key=lambda i: (i.situation.core, i.situation.memory, i.name)):
        cycles = published[image.name]
        modelled = round(cycles * image.ratio)
        rows.append(
            (
                image.situation.core.removeprefix("cortex-"),
                image.name,
                f"{cycles:,.0f}",
                f"{modelled:,}",
                _signed(image.ratio),
                _signed(image.judged_ratio),
            )
        )
    yield from _table(("core", "image", "published cycles", "modelled", "error", "left out"), rows)


def _families(bands: BandTable) -> Iterator[str]:
    left_out = _left_out(bands)
    values = left_out["constants"]
    rows = []
    for family in left_out["families"]:
        changes = [f"{name}: {values[name]} → {value}" for name, value in family["changed"].items()]
        rows.append(
            (
                f"{family['submitter']} {family['network']}",
                str(len(family["rows"])),
                _percent(family["mean_abs_error"]),
                _percent(family["left_out_mean_abs_error"]),
                "; ".join(changes) or "nothing",
            )
        )
    mean, worst = left_out["left_out_mean_abs_error"], left_out["left_out_worst_abs_error"]
    total = ("all", str(len(bands.images)), left_out["mean_abs_error"], mean)
    last = (total[0], total[1], _percent(total[2]), _percent(total[3]), f"worst {_percent(worst)}")
    yield from _table(("family left out", "images", "error", "left out", "the others choose"), [*rows, last])


def _constants(bands: BandTable) -> Iterator[str]:
    left_out = _left_out(bands)
    values = values_as_they_are(fitted_constants())
    head = (
        "constant",
        "value",
        "may be",
        "fitted to",
        "all images together",
        "images that alone want another",
    )
    rows = []
    for constant in fitted_constants():
        wanted = left_out["wanted"].get(constant.name, {})
        best = left_out["best_for_all"].get(constant.name)
        rows.append(
            (
                constant.name,
                str(values[constant.name]),
                ", ".join(map(str, constant.values)) or "not refitted",
                "; ".join(constant.fitted_to),
                "-" if best is None else str(best),
                "; ".join(f"{title}: {value}" for title, value in wanted.items()) or "none",
            )
        )
    yield from _table(head, rows)


def _counts(_bands: BandTable) -> Iterator[str]:
    rows = []
    for figures in core_figures():
        for what, counts in (("rows of the table", figures.rows), ("rules", figures.rules)):
            if counts:
                cells = [str(counts.get(status, 0)) for status in STATUS_ORDER]
                rows.append((f"{figures.core}: {what}", *cells))
    images = [constant for constant in fitted_constants() if constant.is_refitted]
    assembly = [constant for constant in fitted_constants() if not constant.is_refitted]
    rows.append(("buses and memories: fitted to images", "", "", str(len(images)), ""))
    rows.append(("buses and memories: fitted to assembly", "", "", str(len(assembly)), ""))
    rows.append(("energy: currents and charges", "", "", str(len(_fitted_energies())), ""))
    yield from _table(("figures", *STATUS_ORDER), rows)


def _energy(bands: BandTable) -> Iterator[str]:
    rows = [
        (
            energy["title"],
            f"{energy['published_uj']:,.1f}",
            f"{energy['modelled_uj']:,.1f}",
            _signed(energy["modelled_uj"] / energy["published_uj"]),
        )
        for energy in bands.energies
    ]
    figures = error_figures([energy["modelled_uj"] / energy["published_uj"] for energy in bands.energies])
    mean = f"mean {_percent(figures.mean_abs_error)}, worst {_percent(figures.worst_abs_error)}"
    yield from _table(("image", "published uJ", "modelled", "error"), [*rows, ("all", "", "", mean)])


def _fitted_energies() -> set[tuple[str, str]]:
    """Each source of an ``[energy]`` table that says so, with its key; boards of one family share them."""
    boards = (load_board(row.board) for row in development_catalog())
    return {
        (key, source)
        for board in boards
        if board.energy is not None
        for key, source in board.energy.sources.items()
        if "fitted" in source
    }


def _left_out(bands: BandTable) -> Mapping[str, Any]:
    if bands.left_out is None:
        raise UsageError(
            "the error bands were written without leaving families out",
            next_step="Write them with `boardless validate --update-bands`.",
        )
    return bands.left_out


TABLES: Mapping[str, Callable[[BandTable], Iterator[str]]] = {
    "errors": _summary,
    "images": _images,
    "families": _families,
    "constants": _constants,
    "counts": _counts,
    "energy": _energy,
}


def main() -> None:
    """Write the page anew."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else document(FIDELITY)
    assert path is not None
    OutputFile(path).write_text(with_tables(read_text(path), read_bands()))


if __name__ == "__main__":
    main()
