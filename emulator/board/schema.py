"""The tables of a board file and a family file, declared: every key, its type, range and meaning.

A family and the board that names it are one table once laid over each other; that is what is
checked. What ``parameters`` tables hold is declared elsewhere: an accelerator kind's beside its
rules (:mod:`emulator.timing.memory`), a core's beside its table of timings
(:mod:`emulator.timing.cores`), a device's in its class.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec

from emulator.board.console import RttTable
from emulator.board.supply import EnergyTable
from emulator.board.wiring import WiringTable
from emulator.schema.table import ADDRESS_SPACE_BYTES, Name, PinName, Problem, Switch, Table, about, address
from emulator.timing.parameters import FreeWaitStates

PAGE_BYTES = 0x1000
"""Regions are multiples of it: what Unicorn maps at least."""
LARGEST_REGION_BYTES = 0x20000000
"""Half a gigabyte: an area of Arm's memory map (ARMv7-M ARM, B3.1)."""
LARGEST_DEVICE_BYTES = 0x1000000
"""Far more than any device's registers take; the bus keeps an entry per 256 bytes."""
DEFAULT_DEVICE_BYTES = 0x400
MAX_INTERRUPTS = 480
FASTEST_HZ = 4_000_000_000
VECTOR_TABLE_ALIGNMENT = 0x80
"""VTOR's low seven bits are zero (Armv7-M ARM B3.2.5, Armv8-M ARM D1.2.263)."""

CORE, ACCELERATOR_KIND, CONSOLE = "core", "kind of accelerator", "console"
"""What texts name that no board has by itself."""
RegionKind = Literal["flash", "ram", "rom"]
Hertz = Annotated[
    int, msgspec.Meta(ge=1, le=FASTEST_HZ, extra={"unit": "Hz"}, extra_json_schema={"x-unit": "Hz"})
]
Source = Annotated[str, about("Where the facts of this table are from.", example="RM0432 chapter FLASH")]


@dataclass(frozen=True, slots=True)
class CoreLimits:
    """What a core can be built with: FPUs, external interrupt lines, priority bits."""

    fpus: tuple[str, ...]
    interrupts: int
    priority_bits: tuple[int, int]


CORES: Mapping[str, CoreLimits] = {
    "cortex-m0": CoreLimits(("none",), 32, (2, 2)),  # DDI 0432C 5.1
    "cortex-m0plus": CoreLimits(("none",), 32, (2, 2)),  # DDI 0484C 1.1
    "cortex-m3": CoreLimits(("none",), 240, (3, 8)),  # DDI 0337I 6.1
    "cortex-m4": CoreLimits(("none", "single"), 240, (3, 8)),  # DDI 0439D 6.1
    "cortex-m7": CoreLimits(("none", "single", "double"), 240, (3, 8)),  # DDI 0489 1.1
    "cortex-m33": CoreLimits(("none", "single"), MAX_INTERRUPTS, (3, 8)),  # 100230 chapter NVIC
    "cortex-m55": CoreLimits(("single", "double"), MAX_INTERRUPTS, (3, 8)),  # 101051, chapter NVIC
    "cortex-m85": CoreLimits(("single", "double"), MAX_INTERRUPTS, (3, 8)),  # 101924, chapter NVIC
}


class RegionTable(Table, frozen=True):
    """``[regions.NAME]``: a stretch of memory, or another window onto one."""

    base: Annotated[int, address("Address of the first byte.", multiple_of=PAGE_BYTES, example=0x08000000)]
    size_bytes: Annotated[
        int,
        about(
            "Size.",
            unit="bytes",
            at_least=PAGE_BYTES,
            at_most=LARGEST_REGION_BYTES,
            multiple_of=PAGE_BYTES,
            example=0x200000,
        ),
    ]
    kind: (
        Annotated[
            RegionKind,
            about("What it is made of.", by_default="an alias: the original's", example="flash"),
        ]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    bus: Annotated[
        str,
        about(
            "Which bus of the core reaches it, for information.",
            by_default="an alias: the original's",
            example="icode",
        ),
    ] = ""
    accelerator: Annotated[
        str,
        about(
            "The accelerator that stands before it, an entry of accelerators. Without one, reading takes "
            "wait_states.",
            by_default="none; an alias: the original's",
            names_a="accelerator",
            example="flash",
        ),
    ] = ""
    wait_states: (
        Annotated[FreeWaitStates, msgspec.Meta(extra={"by_default": "`0`; an alias: the original's"})]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    first_load_cycles: (
        Annotated[
            int,
            about(
                "Cycles that a load waits which follows no load from the same memory.",
                unit="cycles",
                at_least=0,
                at_most=15,
                by_default="`0`; an alias: the original's",
                example=1,
            ),
        ]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    alias_of: Annotated[
        str,
        about(
            "The region whose bytes these are, seen at another address.", names_a="region", example="flash"
        ),
    ] = ""
    ram_for_programs: Annotated[
        bool,
        about(
            "A semihosting program that starts at its entry point, with no vector table, may keep its data "
            "here: the memory is RAM while it is loaded.",
            example=True,
        ),
    ] = False
    contents: Annotated[
        str,
        about("Bytes, in hexadecimal, that it holds before an image is loaded.", example="a5 5a ff 00"),
    ] = ""
    contents_file: Annotated[
        str, about("The same as raw bytes in a file beside this one.", example="uicr.bin")
    ] = ""
    banks_signal: Annotated[
        str,
        about(
            "A signal that a device drives: so many banks of bank_bytes answer, from base on; what lies "
            "behind them is a bus fault.",
            by_default="all of it answers",
            example="flexram:itcm",
        ),
    ] = ""
    bank_bytes: Annotated[
        int,
        about(
            "Size of a bank, with banks_signal.",
            unit="bytes",
            at_least=0,
            multiple_of=PAGE_BYTES,
            example=0x8000,
        ),
    ] = 0
    contents_at: (
        Annotated[int, address("Where they begin; without it at base.", example=0x1FFFF800)]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    source: Source = ""

    def contradictions(self) -> Iterator[Problem]:
        """Yield a region that is of no kind, has wait states or contents twice, or does not fit."""
        yield from self._wrong_contents()
        yield from self._wrong_banks()
        if self.kind is msgspec.UNSET and not self.alias_of:
            yield Problem("kind", "missing: what the region is made of", 'add kind = "flash", "ram" or "rom"')
        if self.accelerator and self.wait_states is not msgspec.UNSET:
            yield Problem(
                "wait_states",
                f"accelerator {self.accelerator!r} stands before the region and has the wait states",
                f"write accelerators.{self.accelerator}.parameters.wait_states = {self.wait_states}, "
                "or take the accelerator away",
                ("accelerator",),
            )
        if self.base + self.size_bytes > ADDRESS_SPACE_BYTES:
            yield Problem(
                "size_bytes", "the region ends beyond 4 GiB", "make it smaller, or move its base down"
            )

    def _wrong_banks(self) -> Iterator[Problem]:
        if bool(self.banks_signal) != bool(self.bank_bytes):
            missing, given = ("bank_bytes", "banks_signal")[:: 1 if self.banks_signal else -1]
            yield Problem(given, f"says nothing without {missing}", "give both, or neither")
        elif self.bank_bytes and self.size_bytes % self.bank_bytes:
            yield Problem("bank_bytes", "the region is not so many whole banks", "make it divide size_bytes")
        if self.banks_signal and (self.alias_of or self.kind != "ram"):
            yield Problem("banks_signal", "only a RAM that is no alias has banks", "take it away")

    def _wrong_contents(self) -> Iterator[Problem]:
        if self.contents and self.contents_file:
            yield Problem("contents_file", "contents says the same", "keep one of them", ("contents",))
        key = "contents_file" if self.contents_file else "contents"
        if self.alias_of and (self.contents or self.contents_file):
            yield Problem(key, f"the bytes are {self.alias_of}'s", "give them there", ("alias_of",))
        try:
            end = self.first_content + len(bytes.fromhex(self.contents))
        except ValueError:
            yield Problem("contents", "is not hexadecimal", 'two digits a byte, as "a5 5a ff 00"')
            return
        if self.first_content < self.base or end > self.base + self.size_bytes:
            yield Problem(key, "they are not all in the region", "move contents_at", ("contents_at",))

    @property
    def first_content(self) -> int:
        """The address of the first byte of the contents."""
        return self.base if self.contents_at is msgspec.UNSET else self.contents_at


class DeviceTable(Table, frozen=True):
    """``[devices.NAME]``: a memory-mapped device."""

    type: Annotated[
        str,
        about(
            "The class that models it, by its import path. It derives from emulator.device.Device.",
            pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$",
            form="package.module:Class",
            example="peripherals.stm32.usart:Usart",
        ),
    ]
    base: Annotated[int, address("Address of the first register.", multiple_of=4, example=0x40004400)]
    size_bytes: Annotated[
        int,
        about(
            "Size of its window.",
            unit="bytes",
            hexadecimal=True,
            at_least=4,
            at_most=LARGEST_DEVICE_BYTES,
            example=0x400,
        ),
    ] = DEFAULT_DEVICE_BYTES
    interrupts: Annotated[
        dict[Name, Annotated[int, msgspec.Meta(ge=0, le=MAX_INTERRUPTS - 1)]],
        about(
            "The device's interrupt lines, by their names in its class, and the numbers of the interrupt "
            "controller's lines that they reach.",
            example={"global": 38},
        ),
    ] = msgspec.field(default_factory=dict)
    parameters: Annotated[
        dict[str, Any],
        about("What its class lets a board say.", example={"clock": "usart2", "fifo": 8}),
    ] = msgspec.field(default_factory=dict)
    source: Source = ""

    def contradictions(self) -> Iterator[Problem]:
        """Yield a window that does not fit."""
        if self.base + self.size_bytes > ADDRESS_SPACE_BYTES:
            yield Problem(
                "size_bytes", "the device ends beyond 4 GiB", "make it smaller, or move its base down"
            )


class AcceleratorTable(Table, frozen=True):
    """``[accelerators.NAME]``: wait states, prefetch and caches before one or more regions."""

    kind: Annotated[str, about("Whose rules it follows.", names_a=ACCELERATOR_KIND, example="stm32-art")]
    parameters: Annotated[
        dict[str, Any],
        about("What its kind lets a board say.", example={"wait_states": 4, "read_bytes": 8}),
    ] = msgspec.field(default_factory=dict)
    sources: Annotated[
        dict[str, str],
        about(
            "Where each parameter is from, by its name.",
            example={"wait_states": "RM0432 chapter FLASH, FLASH_ACR"},
        ),
    ] = msgspec.field(default_factory=dict)


class BoardTable(Table, frozen=True, kw_only=True):
    """A board file, its family laid below it. A family is a file of the same keys."""

    title: Annotated[str, about("What the board is, in a line.", example="My board (STM32L4R5, Cortex-M4F)")]
    name: Annotated[str, about("Its name in reports.", by_default="the file's name", example="my-board")] = ""
    family: Annotated[
        str,
        about(
            "A file of peripherals/families whose tables come first; the board's own keys are laid over "
            "them, table by table.",
            by_default="none: the file says everything",
            example="stm32l4plus",
        ),
    ] = ""
    remove: Annotated[
        list[str],
        about("Inherited entries that the board does not have, as TABLE.NAME.", example=["devices.octospi2"]),
    ] = msgspec.field(default_factory=list)
    core: Annotated[str, about("The processor core.", names_a=CORE, example="cortex-m4")]
    fpu: Annotated[Literal["none", "single", "double"], about("Its floating-point unit.", example="single")]
    core_parameters: Annotated[
        dict[str, Any],
        about("Facts of the core that not every chip with it shares.", example={"bit_band": 1}),
    ] = msgspec.field(default_factory=dict)
    reset_hz: Annotated[
        Hertz,
        about(
            "The core clock after reset. Firmware that sets up another clock gets another.", example=4_000_000
        ),
    ]
    nominal_hz: (
        Annotated[
            Hertz,
            about(
                "The core clock that benchmark firmware usually selects, for information.",
                by_default="reset_hz",
                example=120_000_000,
            ),
        ]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    console: Annotated[
        str,
        about(
            "The device whose serial port is the console, or what a debugger shows: `semihosting`, "
            "`rtt` (`rtt:1`: channel 1), `itm` (`itm:1`: stimulus port 1), or `none`.",
            names_a=CONSOLE,
            example="usart2",
        ),
    ]
    vector_table: Annotated[
        int,
        address(
            "Where the core reads its stack pointer and its first instruction's address at reset.",
            multiple_of=VECTOR_TABLE_ALIGNMENT,
            example=0x08000000,
        ),
    ]
    interrupts: Annotated[
        int,
        about(
            "External lines of the interrupt controller: at most 32 on a Cortex-M0 or M0+, 480 on an M33, "
            "else 240.",
            unit="lines",
            at_least=1,
            at_most=MAX_INTERRUPTS,
            example=95,
        ),
    ]
    priority_bits: Annotated[
        int,
        about(
            "Bits of a priority that exist: 2 on a Cortex-M0 or M0+, else 3 to 8.",
            unit="bits",
            at_least=2,
            at_most=8,
            example=4,
        ),
    ]
    image_bases: (
        Annotated[
            list[Annotated[int, address("An address.")]],
            about(
                "Where a raw .bin for this board may be linked.",
                by_default="the bases of its flash",
                example=[0x08000000],
            ),
        ]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    uf2_families: Annotated[
        list[Annotated[int, address("A number.")]],
        about(
            "The families whose blocks of a UF2 file the board takes, by their numbers "
            "(github.com/microsoft/uf2, utils/uf2families.json).",
            by_default="the one that the file holds",
            example=[0xE48BFF56],
        ),
    ] = msgspec.field(default_factory=list)
    signals: Annotated[
        dict[PinName, Switch],
        about("Pins that the board ties low or high, by their names.", example={"PC13": 1}),
    ] = msgspec.field(default_factory=dict)
    sources: Annotated[
        list[str], about("Where the board's facts are from.", example=["UM2179 (user manual)"])
    ] = msgspec.field(default_factory=list)
    register_map: Annotated[
        str,
        about(
            "A file beside this one with the chip's registers: names and fields for reports, reset values "
            "for quiet devices. `boardless new-board` writes it (docs/new-board.md).",
            by_default="none",
            example="my-board.registers.json",
        ),
    ] = ""
    regions: Annotated[dict[Name, RegionTable], about("Memories, by name.")]
    accelerators: Annotated[dict[Name, AcceleratorTable], about("What stands before memories, by name.")] = (
        msgspec.field(default_factory=dict)
    )
    devices: Annotated[dict[Name, DeviceTable], about("Devices, by name.")]
    wiring: Annotated[WiringTable, about("Its pins on the benchmark's desk.")] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    energy: Annotated[EnergyTable, about("The supply, for energy estimates.")] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    rtt: Annotated[RttTable, about("How a debugger reads RTT.")] | msgspec.UnsetType = msgspec.UNSET

    def contradictions(self) -> Iterator[Problem]:
        """Yield what the core can't be built with."""
        limits = CORES.get(self.core)
        if limits is None:
            return
        if self.fpu not in limits.fpus:
            yield Problem("fpu", f"{self.core} can't have {self.fpu!r}", f"one of: {', '.join(limits.fpus)}")
        if self.interrupts > limits.interrupts:
            yield Problem(
                "interrupts",
                f"{self.core} has at most {limits.interrupts} external lines, not {self.interrupts}",
                "give the chip's number of interrupt positions",
            )
        fewest, most = limits.priority_bits
        if not fewest <= self.priority_bits <= most:
            wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
            yield Problem(
                "priority_bits",
                f"{self.core} has {wanted} priority bits, not {self.priority_bits}",
                "give as many as the chip's manual says (__NVIC_PRIO_BITS)",
            )
