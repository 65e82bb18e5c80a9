"""The tables that ``boardless bench`` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table

from benches.measure.accuracy import Quality
from benches.measure.performance import GoldenReport
from benches.measure.what_if import WhatIf
from benches.runs.figures import FittingTable, run_table
from benches.runs.rows import AccuracyRun, BenchRun
from benches.silicon.error_bands import band_words

UNOFFICIAL = "simulated and unofficial: an emulator's figures, not results of the benchmark's consortium"
BENCH_HEADERS = (
    "benchmark", "board", "core", "clock", "instructions", "cycles", "error", "CPI", "device latency",
    "throughput", "golden",
)  # fmt: skip
ACCURACY_HEADERS = (
    "benchmark", "board", "core", "inputs", "top-1", "golden top-1", "AUC", "golden AUC", "equal results",
)  # fmt: skip


def bench_table(runs: Sequence[BenchRun]) -> FittingTable:
    """The table of all runs; published figures get columns when a run has one."""
    with_published = any(run.published for run in runs)
    rows = []
    for run in runs:
        cells = [
            run.measurement.benchmark.name,
            run.board,
            run.core,
            f"{run.window.clock_hz / 1e6:g} MHz",
            f"{run.window.instructions:,}",
            f"{run.window.cycles:,}",
            band_words(run.band),
            f"{run.cpi:.3f}" if run.cpi else "-",
            f"{(run.device_latency_us or run.window.latency_us) / 1e3:.3f} ms",
            f"{run.throughput_per_s:.2f}/s",
            golden_words(run.measurement.golden),
        ]
        if with_published:
            cells.append(f"{run.published.published_latency_ms:.3f} ms" if run.published else "-")
            cells.append(f"{run.published_ratio:.3f}" if run.published_ratio else "-")
        rows.append(cells)
    headers = [*BENCH_HEADERS, "published", "ratio"] if with_published else BENCH_HEADERS
    return run_table(f"Boardless benchmark ({UNOFFICIAL})", headers, rows, words=3)


def layer_table(run: BenchRun) -> FittingTable:
    """What each layer of our own firmware costs in one inference."""
    name = f"{run.measurement.benchmark.name} on {run.board}"
    title = f"Layers of {name}, one inference ({UNOFFICIAL})"
    wide = Table(title=title, title_justify="left")
    narrow = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for table, per_mac in ((wide, "cycles/MAC"), (narrow, "per MAC")):
        for column in ("", "operator", "output", "MACs", "instructions", "cycles", per_mac, "share"):
            table.add_column(
                column, justify="left" if column in ("operator", "output") else "right", no_wrap=True
            )
        for row in _layer_rows(run):
            table.add_row(*row)
        table.add_section()
        table.add_row(*_all_layers(run))
    return FittingTable(wide, narrow)


def _layer_rows(run: BenchRun) -> Iterator[tuple[str, ...]]:
    total = sum(item.cycles for item in run.layers)
    for item in run.layers:
        yield (
            str(item.index),
            item.layer.operator.lower(),
            "x".join(str(size) for size in item.layer.output_shape),
            f"{item.layer.macs:,}" if item.layer.macs else "-",
            f"{item.instructions:,}",
            f"{item.cycles:,}",
            f"{item.cycles_per_mac:.2f}" if item.cycles_per_mac is not None else "-",
            f"{100 * item.cycles / total:.1f} %",
        )


def _all_layers(run: BenchRun) -> tuple[str, ...]:
    macs, cycles = sum(i.layer.macs for i in run.layers), sum(i.cycles for i in run.layers)
    instructions = sum(i.instructions for i in run.layers)
    per_mac = f"{cycles / macs:.2f}" if macs else "-"
    return ("", "all", "", f"{macs:,}", f"{instructions:,}", f"{cycles:,}", per_mac, "100 %")


def what_if_table(run: BenchRun, what_if: WhatIf) -> Table:
    """The row's window as it is and with each set of changes, per inference."""
    name = f"{run.measurement.benchmark.name} on {run.board}"
    table = Table(title=f"What if: {name}, per inference ({UNOFFICIAL})", title_justify="left")
    table.add_column("", overflow="fold")
    for column in ("clock", "cycles", "waiting", "CPI", "latency", "ratio"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("from", overflow="fold")
    base = what_if.as_it_is
    rows = [("as it is", base, "this run")]
    rows += [(", ".join(row.changes), row.figures, row.how) for row in what_if.rows]
    for words, figures, how in rows:
        table.add_row(
            words,
            f"{figures.clock_hz / 1e6:g} MHz",
            f"{figures.cycles:,}",
            f"{figures.waiting_cycles:,}",
            f"{figures.cycles / figures.instructions:.3f}",
            f"{figures.latency_us / 1e3:.3f} ms",
            f"{figures.latency_us / base.latency_us:.3f}",
            how,
        )
    return table


def golden_words(golden: GoldenReport) -> str:
    """The golden column's words."""
    if golden.match is None:
        return "not checked"
    if golden.match:
        return "match"
    return "MISMATCH" if golden.max_abs_diff is None else f"MISMATCH ({golden.max_abs_diff:.3f})"


def accuracy_table(runs: Sequence[AccuracyRun]) -> FittingTable:
    """The device's quality beside the golden interpreter's on the same inputs."""
    rows = []
    for run in runs:
        result = run.result
        device, golden = result.device_quality(), result.golden_quality() or Quality(None, None)
        done = f"{result.done}" if result.done == result.total else f"{result.done} of {result.total}"
        cells = [
            result.benchmark.name,
            run.board,
            run.core,
            f"{done} (interrupted)" if result.interrupted else done,
            _percent(device.top_1),
            _percent(golden.top_1),
            _area(device.auc),
            _area(golden.auc),
            f"{result.agreeing} of {result.inferences}" if result.golden else "not checked",
        ]
        rows.append(cells)
    return run_table(f"Boardless accuracy ({UNOFFICIAL})", ACCURACY_HEADERS, rows, words=3)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def _area(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
