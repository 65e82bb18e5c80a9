"""The tables that ``boardless bench`` prints."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from benches.accuracy import Quality
from benches.error_bands import band_words
from benches.performance import GoldenReport
from benches.runs import AccuracyRun, BenchRun
from benches.what_if import WhatIf

UNOFFICIAL = "simulated and unofficial: an emulator's figures, not results of the benchmark's consortium"


def bench_table(runs: Sequence[BenchRun]) -> Table:
    """The table of all runs; published figures get columns when a run has one."""
    with_published = any(run.published for run in runs)
    table = Table(title=f"Boardless benchmark ({UNOFFICIAL})", title_justify="left")
    for name in ("benchmark", "board", "core"):
        table.add_column(name, overflow="fold")
    for name in ("clock", "instructions", "cycles", "error", "CPI", "device latency", "throughput"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("golden", no_wrap=True)
    if with_published:
        table.add_column("published", justify="right", no_wrap=True)
        table.add_column("ratio", justify="right", no_wrap=True)
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
        table.add_row(*cells)
    return table


def layer_table(run: BenchRun) -> Table:
    """What each layer of our own firmware costs in one inference."""
    name = f"{run.measurement.benchmark.name} on {run.board}"
    table = Table(title=f"Layers of {name}, one inference ({UNOFFICIAL})", title_justify="left")
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("operator", no_wrap=True)
    table.add_column("output", no_wrap=True)
    for column in ("MACs", "instructions", "cycles", "cycles/MAC", "share"):
        table.add_column(column, justify="right", no_wrap=True)
    total = sum(item.cycles for item in run.layers)
    for item in run.layers:
        table.add_row(
            str(item.index),
            item.layer.operator.lower(),
            "x".join(str(size) for size in item.layer.output_shape),
            f"{item.layer.macs:,}" if item.layer.macs else "-",
            f"{item.instructions:,}",
            f"{item.cycles:,}",
            f"{item.cycles_per_mac:.2f}" if item.cycles_per_mac is not None else "-",
            f"{100 * item.cycles / total:.1f} %",
        )
    macs, instructions = sum(i.layer.macs for i in run.layers), sum(i.instructions for i in run.layers)
    table.add_section()
    table.add_row(
        "",
        "all",
        "",
        f"{macs:,}",
        f"{instructions:,}",
        f"{total:,}",
        f"{total / macs:.2f}" if macs else "-",
        "100.0 %",
    )
    return table


def what_if_table(run: BenchRun, what_if: WhatIf) -> Table:
    """One inference as it is and with the changes."""
    name = f"{run.measurement.benchmark.name} on {run.board}"
    table = Table(title=f"What if: {name}, one inference ({UNOFFICIAL})", title_justify="left")
    table.add_column("", overflow="fold")
    for column in ("clock", "cycles", "waiting", "CPI", "latency", "ratio"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("from", overflow="fold")
    base = what_if.as_it_is
    rows = (("as it is", base, "this run"), (", ".join(what_if.changes), what_if.changed, what_if.how))
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


def accuracy_table(runs: Sequence[AccuracyRun]) -> Table:
    """The device's quality beside the golden interpreter's on the same inputs."""
    table = Table(title=f"Boardless accuracy ({UNOFFICIAL})", title_justify="left")
    for name in ("benchmark", "board", "core"):
        table.add_column(name, overflow="fold")
    for name in ("inputs", "top-1", "golden top-1", "AUC", "golden AUC", "equal results"):
        table.add_column(name, justify="right", no_wrap=True)
    for run in runs:
        result = run.result
        device, golden = result.device_quality(), result.golden_quality() or Quality(None, None)
        done = f"{result.done}" if result.done == result.total else f"{result.done} of {result.total}"
        table.add_row(
            result.benchmark.name,
            run.board,
            run.core,
            f"{done} (interrupted)" if result.interrupted else done,
            _percent(device.top_1),
            _percent(golden.top_1),
            _area(device.auc),
            _area(golden.auc),
            f"{result.agreeing} of {result.inferences}" if result.golden else "not checked",
        )
    return table


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def _area(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
