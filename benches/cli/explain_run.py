"""What ``boardless explain`` does once its options are parsed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benches.cli.bench_run import report_console, write_report
from benches.cli.firmware import chosen_input, firmware_machine
from benches.measure.explanation import ISSUE, Explanation, Selection, explain
from benches.measure.profiled_window import ProfiledWindow, profile_inference, profile_run
from benches.runs.report import UNOFFICIAL
from benches.silicon.error_bands import NOT_MEASURED, RunBand, band_json
from benches.silicon.run_band import band_of_profile
from emulator.cli.session import Limits, goal_error
from emulator.cli.untold import tell_modes, unmodelled_json
from emulator.files import OutputFile
from emulator.machine.machine import Machine
from emulator.profiling import BlockProfile, CycleStack, functions_of
from emulator.profiling.disassembly import block_text

SMALL = 0.005
"""Stalls below so many cycles a pass are not worth a word in a listing."""


@dataclass(frozen=True, slots=True)
class ExplainOptions:
    """The command's options, parsed."""

    image: str
    board: str | None = None
    base: int | None = None
    symbols: Path | None = None
    function: str | None = None
    block: int | None = None
    top: int = 5
    input_file: Path | None = None
    until: bytes | None = None
    max_cycles: int | None = None
    timing: str = "memory"
    hook: str = "auto"
    json_file: OutputFile | None = None


def run_explain(options: ExplainOptions) -> None:
    """Run the image, print the tables, write the JSON.

    Raises :class:`CheckFailed` when the text of ``until`` never came, :class:`LimitReached` when a
    limit came before it: what is shown then is another stretch than was asked for.
    """
    machine = firmware_machine(
        options.image,
        options.board,
        options.base,
        options.symbols,
        timing=options.timing,
        hook=options.hook,
    )
    window = _window(options, machine)
    tell_modes(machine)
    debug = machine.image.debug if machine.image is not None else None
    functions = functions_of(window.profile, machine.engine.automaton, debug)
    explanation = explain(window, functions, Selection(options.function, options.block), options.top)
    first = window.reason is None
    band = band_of_profile(machine, window.profile, first=first)
    _print(report_console(options.json_file), explanation, machine, options, band)
    if options.json_file is not None:
        image = machine.image
        write_report(
            options.json_file,
            {
                "board": machine.board.name,
                "core": machine.board.core,
                "timing": machine.timing,
                "hook": machine.hook.kind,
                "image": image.path if image else None,
                "image_sha256": image.sha256 if image else None,
                "error_band": band_json(band),
                "unmodelled": unmodelled_json(machine),
                **explanation.as_json(),
            },
        )
    if options.until is not None and window.reason is not None:
        error = goal_error(window.reason, Limits(options.until, options.max_cycles), machine)
        if error is not None:
            raise error


def _window(options: ExplainOptions, machine: Machine) -> ProfiledWindow:
    if options.until is not None or options.max_cycles is not None:
        return profile_run(machine, options.until, options.max_cycles)
    return profile_inference(machine, lambda session: chosen_input(session, options.input_file))


def _print(
    console: Console,
    explanation: Explanation,
    machine: Machine,
    options: ExplainOptions,
    band: RunBand | None,
) -> None:
    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    profile = explanation.window.profile
    totals = profile.totals
    say(f"{explanation.window.title} on {machine.board.name} ({machine.board.core}, timing {machine.timing})")
    say(f"{totals.cycles:,} cycles; {totals.instructions:,} instructions; {UNOFFICIAL}")
    say(f"error {band.sentence if band is not None else NOT_MEASURED}")
    if profile.waiting_cycles:
        say(f"of these {profile.waiting_cycles:,} cycles waiting (asleep, or turns of a waiting loop)")
    console.print(stack_table(explanation.stack, explanation.executed, explanation.subject))
    if options.function is None and options.block is None:
        console.print(function_table(explanation, options.top))
    for block in explanation.blocks:
        console.print(block_table(block, explanation.owners[block.number], totals.cycles))


def stack_table(stack: CycleStack, executed: int, subject: str) -> Table:
    """The CPI stack: cycles by cause."""
    table = Table(title=f"Where the cycles of {subject} go", title_justify="left")
    table.add_column("cause", no_wrap=True)
    for name in ("cycles", "share", "cycles per instruction"):
        table.add_column(name, justify="right", no_wrap=True)
    total = stack.total or 1
    for key, cycles in stack.items():
        table.add_row(key.label, f"{cycles:,}", f"{100 * cycles / total:.2f} %", _ratio(cycles, executed))
    table.add_section()
    table.add_row("all", f"{stack.total:,}", "100.00 %", _ratio(stack.total, executed))
    return table


def _ratio(cycles: int, executed: int) -> str:
    return f"{cycles / executed:.3f}" if executed else "-"


def function_table(explanation: Explanation, top: int) -> Table:
    """The functions with most cycles, callees not included."""
    table = Table(title="Functions (without what they call)", title_justify="left")
    table.add_column("function", overflow="fold")
    for name in ("cycles", "share", "instructions", "CPI"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("stalls, by cycles", overflow="fold")
    total = explanation.window.profile.totals.cycles or 1
    for item in explanation.functions[:top]:
        stack = item.stack
        table.add_row(
            item.name,
            f"{stack.total:,}",
            f"{100 * stack.total / total:.2f} %",
            f"{item.executed:,}",
            _ratio(stack.total, item.executed),
            _stall_shares(stack),
        )
    return table


def _stall_shares(stack: CycleStack) -> str:
    stalls = sorted((item for item in stack.items() if item[0] != ISSUE), key=lambda item: -item[1])
    total = stack.total or 1
    return ", ".join(f"{key.label} {100 * cycles / total:.1f} %" for key, cycles in stalls[:4])


def block_table(block: BlockProfile, owner: str, window_cycles: int) -> Table:
    """Each instruction with its issue cycle on the hottest path and its stalls per pass."""
    stack = block.stack
    table = Table(
        title=Text(
            f"0x{block.block.address:08x} in {owner}: {block.count:,} passes, {stack.total:,} cycles"
            f" ({100 * stack.total / (window_cycles or 1):.2f} %), {stack.total / block.count:.2f} a pass"
        ),
        title_justify="left",
    )
    table.add_column("address", no_wrap=True)
    table.add_column("instruction", no_wrap=True)
    for name in ("count", "issue at", "cycles"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("stalls (cycles a pass)", overflow="fold")
    rows = zip(block.instructions, block_text(block.block), block.issue_cycles, strict=True)
    for item, text, issue in rows:
        table.add_row(
            f"{item.instruction.address:08x}",
            Text(text),
            f"{block.count:,}",
            str(issue),
            f"{item.stack.total / block.count:.2f}",
            _stalls_a_pass(item.stack, block.count),
        )
    return table


def _stalls_a_pass(stack: CycleStack, count: int) -> str:
    each = ((key, cycles / count) for key, cycles in stack.items() if key != ISSUE)
    return ", ".join(f"{key.label} {value:.2f}" for key, value in each if value >= SMALL)
