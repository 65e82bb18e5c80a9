"""``boardless boards``: what there is, and what a board is made of."""

from __future__ import annotations

import json

import click
from rich.console import Console
from rich.table import Table

from emulator.board.json_schema import board_schema
from emulator.board.model import Board
from emulator.board.reader import list_boards, load_board
from emulator.cli.command import Command
from emulator.cli.parameter_types import BoardName
from emulator.cli.tables import table_console
from emulator.cli.words import bytes_in_words, hertz_in_words
from emulator.errors import UsageError

PLAIN_WIDTH = 160
"""Columns of a table that goes to a file or a pipe."""
UNOFFICIAL = "Everything is simulated; figures are unofficial."


@click.command(cls=Command)
@click.argument("board", type=BoardName(), required=False, metavar="[NAME|FILE.toml]")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of board files, for TOML editors.")
def boards(board: str | None, schema: bool) -> None:
    """List all boards, or describe one: core, memory map, clocks, devices, sources.

    A board file with mistakes is refused with all of them. What it may hold: docs/board-file.md.
    """
    if schema:
        if board is not None:
            raise UsageError("--schema is of all board files", next_step=f"Leave {board} or --schema out.")
        click.echo(json.dumps(board_schema(), indent=1))
        return
    console = table_console(PLAIN_WIDTH, highlight=False)
    if board is None:
        _list(console)
    else:
        _describe(console, load_board(board))


def _list(console: Console) -> None:
    table = _table("name", "board", "core", "FPU", "clock", "flash", "RAM", title="Emulated boards")
    for name in list_boards():
        board = load_board(name)
        table.add_row(
            board.name,
            board.title,
            board.core,
            board.fpu,
            hertz_in_words(board.nominal_hz),
            _total(board, "flash"),
            _total(board, "ram"),
        )
    console.print(table)
    console.print(
        "`boardless boards NAME` describes one; a board of your own is a TOML file (docs/board-file.md)."
    )
    console.print(UNOFFICIAL)


def _describe(console: Console, board: Board) -> None:
    console.print(f"{board.name}: {board.title}", style="bold")
    fpu = {"none": "no FPU", "single": "single-precision FPU", "double": "double-precision FPU"}[board.fpu]
    extras = "".join(f", {name} = {value}" for name, value in board.core_parameters.items())
    console.print(f"core:       {board.core}, {fpu}{extras}")
    console.print(
        f"interrupts: {board.interrupts} external lines, {board.priority_bits} priority bits,"
        f" vectors at 0x{board.vector_table:08x}"
    )
    console.print(
        f"clocks:     {hertz_in_words(board.reset_hz)} after reset, then as the firmware sets them;"
        f" benchmark firmware usually selects {hertz_in_words(board.nominal_hz)}"
    )
    console.print(f"console:    {board.console}")
    console.print(f"file:       {board.file}")
    memories = _table("name", "range", "size", "kind", "behind", "source", title="Memory map")
    for region in sorted(board.regions, key=lambda r: r.base):
        memories.add_row(
            region.name,
            f"0x{region.base:08x}-0x{region.end - 1:08x}",
            bytes_in_words(region.size_bytes),
            f"alias of {region.alias_of}" if region.alias_of else region.kind,
            " ".join(part for part in (region.bus, region.accelerator) if part),
            region.source,
        )
    console.print(memories)
    _print_accelerators(console, board)
    devices = _table("name", "address", "interrupts", "model", "source", title="Devices")
    for device in sorted(board.devices, key=lambda d: d.base):
        lines = " ".join(f"{line}={number}" for line, number in device.interrupts.items())
        devices.add_row(device.name, f"0x{device.base:08x}", lines, device.type, device.source)
    console.print(devices)
    if board.signals:
        console.print("tied pins:  " + ", ".join(f"{name}={level}" for name, level in board.signals.items()))
    for source in board.sources:
        console.print(f"source:     {source}")
    console.print(UNOFFICIAL)


def _print_accelerators(console: Console, board: Board) -> None:
    if not board.accelerators:
        return
    table = _table("name", "kind", "parameter", "value", "source", title="Flash and cache parameters")
    for accelerator in board.accelerators:
        for name, value in accelerator.parameters.items():
            table.add_row(
                accelerator.name, accelerator.kind, name, str(value), accelerator.sources.get(name, "")
            )
    console.print(table)


def _table(*columns: str, title: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _total(board: Board, kind: str) -> str:
    total = sum(r.size_bytes for r in board.regions if r.kind == kind and not r.alias_of)
    return f"{total // 1024} KB" if total else "-"
