"""The reference of board files in Markdown, written from the declared tables.

``python -m emulator.board.reference`` writes ``docs/board-file.md``, which a test holds to it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any, get_args, get_origin

import msgspec

from emulator.board.console import KINDS_IN_WORDS, RttTable
from emulator.board.schema import (
    ACCELERATOR_KIND,
    CONSOLE,
    CORE,
    CORES,
    AcceleratorTable,
    BoardTable,
    DeviceTable,
    RegionTable,
)
from emulator.board.shipped import device_kinds
from emulator.board.supply import EnergyTable
from emulator.board.wiring import WiringTable
from emulator.device import Device
from emulator.schema.table import Table, fields_of
from emulator.schema.words import bare, example, expected, is_plain, shown
from emulator.timing.cores.registry import MODELS
from emulator.timing.memory.memory_system import KINDS

HEAD = """\
# Board files

A board is one TOML file. Of a chip family that is shipped it says only what differs:

```toml
title = "My board (STM32L4R5, Cortex-M4F)"
family = "stm32l4plus"
console = "usart2"

[devices.rcc.parameters]
hse_hz = 16_000_000                 # the crystal

[signals]
PC13 = 1                            # a pin that the board ties high
```

* `boardless boards my-board.toml` shows what became of it, or all of its mistakes at once: each with
  its key, the reason, the nearest key that there is, and the next step.
* `boardless run IMAGE --board my-board.toml` runs on it; every command takes a file in place of a
  board's name.
* `boardless boards --schema > board.schema.json` is for editors: with `#:schema ./board.schema.json`
  in the file's first line, those that know JSON Schema for TOML (Taplo, Even Better TOML) complete
  and check while you type.

A board's own keys are laid over its family's, table by table; `remove` takes inherited entries away.
The shipped files in `peripherals/boards/` and `peripherals/families/` are the examples to follow.
Figures that come out are simulated and unofficial.

This page is written from the declarations that the checks use: `python -m emulator.board.reference`
writes it anew.
"""
TABLE_HEAD = ("key", "value", "default", "meaning", "for example")
REQUIRED = "must be given"
MANY = 4
NAMED = {CORE: CORES, ACCELERATOR_KIND: KINDS}
DEVICES_LAST = """\
The class is looked up by its import path and must derive from `emulator.device.Device`; what is none
is refused, and nothing of it is called. It declares the parameters, interrupt lines and clocks that
follow, and so does a class of your own (CONTRIBUTING.md, "Add a device")."""


def reference() -> str:
    """The whole page."""
    parts = [HEAD, *_board(), *_accelerators(), *_cores(), *_devices()]
    parts += ["## `[wiring]`", _first_sentence(WiringTable), _table(WiringTable)]
    parts += ["## `[energy]`", _first_sentence(EnergyTable), _table(EnergyTable)]
    parts += ["## `[rtt]`", _first_sentence(RttTable), _table(RttTable)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


# -- sections -------------------------------------------------------------------------------------
def _board() -> Iterator[str]:
    yield "## Top level"
    yield "What has no default comes from the family, if one is named."
    yield _table(BoardTable)
    yield "## `[regions.NAME]`"
    yield _first_sentence(RegionTable)
    yield _table(RegionTable)


def _accelerators() -> Iterator[str]:
    yield "## `[accelerators.NAME]`"
    yield _first_sentence(AcceleratorTable)
    yield _table(AcceleratorTable)
    yield "Its kind decides what `[accelerators.NAME.parameters]` may hold."
    for name, kind in KINDS.items():
        yield f"### kind `{name}`"
        yield _text(kind.parameters.__doc__)
        yield _table(kind.parameters)


def _cores() -> Iterator[str]:
    yield "## `[core_parameters]`"
    yield "Facts of the core that not every chip with it shares, and of the chip around it."
    for name, core in MODELS.items():
        yield f"### core `{name}`"
        yield _table(core.parameters)


def _devices() -> Iterator[str]:
    yield "## `[devices.NAME]`"
    yield _first_sentence(DeviceTable)
    yield _table(DeviceTable)
    yield DEVICES_LAST
    for path, kind in device_kinds().items():
        yield f"### `{path}`"
        yield _text((kind.__doc__ or "").partition("\n")[0])
        facts = _facts(kind)
        if facts:
            yield "\n".join(facts)
        if fields_of(kind.PARAMETERS):
            yield _table(kind.PARAMETERS)


def _facts(kind: type[Device]) -> list[str]:
    facts = []
    if kind.LINES:
        facts.append(
            f"* interrupts: {_codes(kind.LINES)}" + (" (`#` is a number)" * ("#" in "".join(kind.LINES)))
        )
    if kind.clocks():
        facts.append(f"* clocks that it provides: {_codes(kind.clocks())}")
    if not fields_of(kind.PARAMETERS):
        facts.append("* no parameters")
    return facts


# -- tables --------------------------------------------------------------------------------------
def _table(kind: type[Table]) -> str:
    """A Markdown table of a kind of table, a row for each key."""
    rows = [TABLE_HEAD, ("---",) * len(TABLE_HEAD)]
    rows += [_row(name, field) for name, field in fields_of(kind).items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(name: str, field: msgspec.structs.FieldInfo) -> tuple[str, ...]:
    _plain, said = bare(field.type)
    unit = (said.extra or {}).get("unit", "")
    value = _value(field.type, said)
    shows_unit = unit and unit not in value and unit != "address"
    shown_example = f"`{name} = {shown(example(field.type), field.type)}`" if is_plain(field.type) else ""
    return (
        f"`{name}`",
        f"{value}, in {unit}" if shows_unit else value,
        _default(field, said),
        _text(said.description),
        shown_example,
    )


def _value(kind: Any, said: msgspec.Meta) -> str:
    """What may stand there."""
    plain, _said = bare(kind)
    is_list = get_origin(plain) is list
    named = ((bare(get_args(plain)[0])[1] if is_list else said).extra or {}).get("names_a")
    if named and is_list:
        return f"a list, each name of one of the board's {named}s"
    if named == CONSOLE:
        return f"name of one of the board's devices, or {KINDS_IN_WORDS}"
    if named in NAMED:
        return f"one of {', '.join(NAMED[named])}"
    if named:
        return f"name of one of the board's {named}s"
    return expected(kind) if is_plain(kind) else "tables, see below"


def _default(field: msgspec.structs.FieldInfo, said: msgspec.Meta) -> str:
    by_default = (said.extra or {}).get("by_default", "")
    if field.required:
        return REQUIRED
    if by_default or field.default is msgspec.UNSET:
        return str(by_default or "none")
    value: Any = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    return f"`{shown(value, field.type)}`" if value or isinstance(value, (bool, int)) else "none"


def _first_sentence(kind: type[Table]) -> str:
    sentence = _text((kind.__doc__ or "").partition("\n")[0])
    _table_name, _, meaning = sentence.partition(": ")
    return meaning[:1].upper() + meaning[1:] if meaning else sentence


def _text(text: str | None) -> str:
    return " ".join((text or "").replace("``", "`").split())


def _codes(words: Iterable[str]) -> str:
    """Names in a row; ``pclk0`` to ``pclk63`` where they are numbered."""
    names, texts = list(words), []
    while names:
        stem = names[0].rstrip("0123456789")
        numbered = [name for number, name in enumerate(names) if name == f"{stem}{number}"]
        count = len(numbered) if len(numbered) >= MANY else 1
        texts.append(f"`{names[0]}` to `{names[count - 1]}`" if count > 1 else f"`{names[0]}`")
        del names[:count]
    return ", ".join(texts)


if __name__ == "__main__":
    from pathlib import Path

    page = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/board-file.md")
    page.parent.mkdir(exist_ok=True)
    page.write_text(reference(), encoding="utf-8")
