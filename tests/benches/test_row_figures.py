"""Cycles, energy and power of a row stand in one table and one report, with the same columns."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.console import Console

from benches.cli.validate_run import row_table, summary_table
from benches.silicon.catalog import CatalogRow
from benches.silicon.row_figures import errors_by_quantity, figures_of, report_json
from benches.silicon.streaming_catalog import streaming_catalog
from benches.silicon.streaming_validate import blank_streaming_row
from benches.silicon.validate import OK, ValidatedRow, blank_row, summarize

ROW = ValidatedRow(
    "v1", "us", "our board", "kws", "performance", "b", "cortex-m4", "kws.hex",
    published_cycles=1_000_000, modelled_cycles=1_020_000, device_cycles=1_020_100, instructions=900_000,
    ratio=1.02, published_energy_uj=300.0, modelled_energy_uj=309.06, energy_ratio=1.0302,
    clock_hz=100_000_000, published_latency_us=10_000.0, inferences=2, host_s=0.1, board_s=0.02, status=OK,
)  # fmt: skip


def test_a_rows_figures_are_of_one_form() -> None:
    cycles, energy, power = figures_of(ROW)
    assert (cycles.unit, cycles.published, cycles.modelled, cycles.ratio) == ("cycles", 1e6, 1_020_000, 1.02)
    assert (energy.unit, energy.ratio) == ("uJ", pytest.approx(1.0302))
    # 300 uJ in 10 ms; 309.06 uJ in 10.2 ms
    assert (power.unit, power.published) == ("mW", pytest.approx(30.0))
    assert power.modelled == pytest.approx(30.3)
    assert [figure.quantity for figure in figures_of(replace(ROW, published_energy_uj=None))] == ["cycles"]


def test_a_row_that_failed_has_its_published_figures() -> None:
    row = CatalogRow("v1", "us", "our board", "kws", "kws.hex", "b", 10.0, mhz=100, published_energy_uj=300.0)
    cycles, energy, power = figures_of(blank_row(row, "failed", "it crashed"))
    assert (cycles.published, energy.published, power.published) == (1_000_000, 300.0, pytest.approx(30.0))
    assert {cycles.ratio, energy.ratio, power.ratio} == {None}


def test_errors_are_of_each_quantity_and_cycles_of_energy_images_are_not_judged() -> None:
    rows = [
        ROW,
        replace(ROW, mode="energy", modelled_cycles=1_500_000),
        replace(ROW, modelled_energy_uj=None),
    ]
    errors = errors_by_quantity(rows)
    assert list(errors) == ["cycles", "energy", "power"]
    assert [figures.count for figures in errors.values()] == [2, 2, 2]
    assert errors["cycles"].worst_abs_error == pytest.approx(0.02)
    assert errors["energy"].worst_abs_error == pytest.approx(0.0302)
    report = report_json(rows)
    assert report["errors"]["energy"]["mean_abs_error"] == pytest.approx(0.0302)
    keys = [tuple(figure) for row in report["rows"] for figure in row["figures"]]
    assert set(keys) == {("quantity", "unit", "published", "modelled", "ratio")}
    assert report["summary"]["cortex-m4"]["count"] == 2


def test_streaming_rows_have_figures_of_their_own() -> None:
    row = streaming_catalog()[0]
    blank = blank_streaming_row(row, "absent", "it is nowhere")
    frame, duty, power = figures_of(blank)
    assert (frame.quantity, frame.unit, frame.published) == ("frame", "ms", row.processing_ms)
    assert (duty.quantity, duty.unit, duty.published) == ("duty cycle", "%", 100 * row.duty_cycle)
    assert (power.quantity, power.unit, power.published) == ("power", "mW", row.power_mw)
    seen = replace(blank, status=OK, streaming=(replace(frame, modelled=4.0),), instructions=9)
    assert list(errors_by_quantity([seen, ROW])) == ["cycles", "frame", "energy", "power"]
    assert list(summarize([seen, ROW])) == ["cortex-m4"]  # whose images have cycles
    assert report_json([seen])["rows"][0]["figures"][0]["ratio"] == pytest.approx(4.0 / row.processing_ms)


def test_one_table_shows_them_all() -> None:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(row_table([ROW]))
        console.print(summary_table(summarize([ROW]), errors_by_quantity([ROW])))
    lines = [line.replace("│", " ").split() for line in capture.get().splitlines()]
    assert next(x for x in lines if "kws" in x)[6:10] == ["cycles", "1,000,000", "1,020,000", "1.0200"]
    assert ["uJ", "300.00", "309.06", "1.0302"] in lines
    assert ["mW", "30.00", "30.30", "1.0100"] in lines
    assert ["energy,", "uJ", "this", "model", "1", *["3.02", "%"] * 4] in lines
