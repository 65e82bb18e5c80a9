"""Basic, general-purpose and advanced timers of STM32 (RM0432, timer chapters).

The same block is in F0/F1/F2/F3/F4/F7/G0/G4/H7/L0/L4/U5. Modelled: 16 and 32-bit counters
up, down and center-aligned, prescaler and auto-reload with their preloads, repetition,
one-pulse mode, update generation, compare flags, interrupts. Not modelled, and reported:
input capture, slave and encoder modes, DMA requests. Outputs do not reach pins.

Parameters: ``clock``, ``bits`` (16 or 32), ``channels`` (0 basic, 4 general-purpose, 6
advanced, 1 or 2 those between) and ``repetition`` (has RCR and BDTR; by default all but
the general-purpose). Interrupt lines: ``global``, or ``update``, ``compare``, ``break`` and ``trigger``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import msgspec

from emulator.device import ClockedParameters, DeviceContext
from emulator.schema.table import about
from peripherals.parts.clocked_counter import ClockedCounter
from peripherals.parts.counter import CENTER, DOWN, UP
from peripherals.register_device import Register, RegisterDevice

CR1_CEN, CR1_UDIS, CR1_URS, CR1_OPM, CR1_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4
CR1_CMS, CR1_ARPE, CR1_UIFREMAP = 3 << 5, 1 << 7, 1 << 11
DIER_INTERRUPTS, DIER_DMA = 0xFF, 0x7F00
SR_UIF, SR_COMPARE, SR_TRIGGER, SR_BREAK = 1 << 0, 0x1E, 0x60, 0x180
SR_ALL = 0x31FFF
SMCR_SMS = 0x10007
UIFCPY = 1 << 31
CHANNELS = (
    # compare register, flag, mode register, shift of the channel's mode byte
    ("CCR1", 1 << 1, "CCMR1", 0),
    ("CCR2", 1 << 2, "CCMR1", 8),
    ("CCR3", 1 << 3, "CCMR2", 0),
    ("CCR4", 1 << 4, "CCMR2", 8),
    ("CCR5", 1 << 16, "CCMR3", 0),
    ("CCR6", 1 << 17, "CCMR3", 8),
)
MODE_CAPTURE, MODE_PRELOAD = 3, 1 << 3
GENERAL_CHANNELS = 4
BASIC_REGISTERS = ("CR1", "CR2", "DIER", "SR", "EGR", "CNT", "PSC", "ARR")


class TimerParameters(ClockedParameters, frozen=True):
    """Which of the timers it is."""

    bits: Annotated[Literal[16, 32], about("Width of the counter.", unit="bits", example=32)] = 16
    channels: Annotated[
        Literal[0, 1, 2, 4, 6],
        about("Compare channels: 0 basic, 4 general-purpose, 6 advanced, 1 or 2 those between.", example=6),
    ] = 4
    repetition: (
        Annotated[
            bool,
            about(
                "Whether it has a repetition counter and a break register.",
                by_default="all but timers with 4 channels have",
                example=True,
            ),
        ]
        | msgspec.UnsetType
    ) = msgspec.UNSET

    @property
    def repeats(self) -> bool:
        """Whether it has RCR and BDTR."""
        return self.channels != GENERAL_CHANNELS if self.repetition is msgspec.UNSET else self.repetition


class Timer(RegisterDevice):
    """One timer."""

    PARAMETERS = TimerParameters
    parameters: TimerParameters
    LINES = ("global", "update", "compare", "trigger", "break")
    REGISTERS = (
        Register(0x00, "CR1", writable=0x0BFF, on_write="control_changed"),
        Register(0x04, "CR2"),
        Register(0x08, "SMCR", on_write="mode_changed"),
        Register(0x0C, "DIER", writable=0xFFFF, on_write="interrupts_changed"),
        Register(0x10, "SR", writable=0, w0c=SR_ALL, on_read="flags", on_write="flags_cleared"),
        Register(0x14, "EGR", writable=0, on_write="events_generated"),
        Register(0x18, "CCMR1", on_write="mode_changed"),
        Register(0x1C, "CCMR2", on_write="mode_changed"),
        Register(0x20, "CCER"),
        Register(0x24, "CNT", on_read="current_count", on_write="count_written"),
        Register(0x28, "PSC", writable=0xFFFF),
        Register(0x2C, "ARR", on_write="reload_written"),
        Register(0x30, "RCR", writable=0xFFFF),
        *(Register(0x34 + 4 * i, f"CCR{i + 1}", on_write="compare_written") for i in range(4)),
        Register(0x44, "BDTR"),
        Register(0x48, "DCR"),
        Register(0x4C, "DMAR"),
        Register(0x50, "OR1"),
        Register(0x54, "CCMR3", on_write="mode_changed"),
        Register(0x58, "CCR5", on_write="compare_written"),
        Register(0x5C, "CCR6", on_write="compare_written"),
        Register(0x60, "AF1"),
        Register(0x64, "AF2"),
        Register(0x68, "TISEL"),
    )
    STATE = ("_compare", "_repetitions")
    PARTS = ("_counter",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        channels = self.parameters.channels
        self._channels = tuple(row for row in CHANNELS[:channels] if row[0] in self.values)
        self._compare = {name: 0 for name, *_ in self._channels}  # in force
        self._repetitions = 0
        self._counter = ClockedCounter(
            context,
            "event",
            self.parameters.clock,
            self._maximum,
            on_event=self._refresh,
            on_wrap=self._wrapped,
            on_span=self._span_counted,
            can_skip=self._nothing_new,
        )

    @property
    def _maximum(self) -> int:
        return (1 << self.parameters.bits) - 1

    def register_table(self) -> tuple[Register, ...]:
        """Leave out what this timer lacks; ARR resets to the counter's maximum."""
        channels = self.parameters.channels
        absent = {row[0] for row in CHANNELS[channels:]} | {row[2] for row in CHANNELS[channels:]}
        absent -= {row[2] for row in CHANNELS[:channels]}
        if not self.parameters.repeats:
            absent |= {"RCR", "BDTR"}
        kept = [r for r in self.REGISTERS if r.name not in absent]
        if not channels:
            kept = [r for r in kept if r.name in BASIC_REGISTERS]
        return tuple(replace(r, reset=self._maximum) if r.name == "ARR" else r for r in kept)

    # -- RegisterDevice ----------------------------------------------------------------------
    def reset(self) -> None:
        """Stop and clear."""
        super().reset()
        self._repetitions = 0
        self._compare = {name: 0 for name, *_ in self._channels}
        self._counter.restart(reload=self._maximum)

    # -- effects ------------------------------------------------------------------------------
    def control_changed(self, _written: int, _old: int) -> None:
        """CR1: start, stop, direction, preload."""
        self._counter.catch_up()
        control, state = self.values["CR1"], self._counter.state
        state.running = bool(control & CR1_CEN)
        if control & CR1_CMS:
            state.direction = CENTER
        else:
            state.direction = DOWN if control & CR1_DIR else UP
        self._refresh()

    def mode_changed(self, _written: int, _old: int) -> None:
        """SMCR, CCMR1-3: report what is not modelled."""
        if self.values.get("SMCR", 0) & SMCR_SMS:
            self.report("SMCR", "write", "slave mode")
        for _name, _flag, mode, shift in self._channels:
            if self.values[mode] >> shift & MODE_CAPTURE:
                self.report(mode, "write", "input capture")
        self._counter.catch_up()
        self._refresh()

    def interrupts_changed(self, _written: int, _old: int) -> None:
        """DIER: interrupt enables."""
        if self.values["DIER"] & DIER_DMA:
            self.report("DIER", "write", "DMA requests of a timer")
        self._counter.catch_up()
        self._refresh()

    def flags(self) -> int:
        """SR, up to date."""
        self._counter.catch_up()
        return self.values["SR"]

    def flags_cleared(self, written: int, _old: int) -> None:
        """SR: bits written 0 are cleared, those that have risen meanwhile too."""
        self._counter.catch_up()
        self.values["SR"] &= written
        self._refresh()

    def events_generated(self, written: int, _old: int) -> None:
        """EGR: UG restarts the counter and loads the preloads; others set their flags."""
        self._counter.catch_up()
        if written & 1:
            state = self._counter.state
            state.count = state.reload if state.direction == DOWN else 0
            state.falling = False
            self._counter.restart_prescaler()
            self._load_preloads(by_software=True)
            if state.direction == DOWN:
                state.count = state.reload
        self.set_bits("SR", written & 0xFE)
        self._refresh()

    def current_count(self) -> int:
        """CNT at this very cycle."""
        count = self._counter.read()
        if self.values["CR1"] & CR1_UIFREMAP:
            count = (count & ~UIFCPY) | (UIFCPY if self.values["SR"] & SR_UIF else 0)
        return count

    def count_written(self, _written: int, _old: int) -> None:
        """CNT: go on from here."""
        self._counter.catch_up()
        self._counter.state.count = self.values["CNT"] & self._maximum
        self._refresh()

    def reload_written(self, _written: int, _old: int) -> None:
        """ARR: at once, or with the next update event when preloaded."""
        self._counter.catch_up()
        self.values["ARR"] &= self._maximum
        if not self.values["CR1"] & CR1_ARPE:
            self._counter.state.reload = self.values["ARR"]
        self._refresh()

    def compare_written(self, _written: int, _old: int) -> None:
        """CCR1-6: at once, or with the next update event when preloaded."""
        self._counter.catch_up()
        for name, _flag, mode, shift in self._channels:
            self.values[name] &= self._maximum
            if not self.values[mode] >> shift & MODE_PRELOAD:
                self._compare[name] = self.values[name]
        self._refresh()

    # -- the counter's call-backs --------------------------------------------------------------
    def _wrapped(self) -> None:
        if self._repetitions:
            self._repetitions -= 1
            return
        if self.values["CR1"] & CR1_OPM:
            self.clear_bits("CR1", CR1_CEN)
            self._counter.state.running = False
        self._load_preloads(by_software=False)

    def _span_counted(self, low: int, high: int) -> None:
        for name, flag, mode, shift in self._channels:
            if low <= self._compare[name] <= high and not self.values[mode] >> shift & MODE_CAPTURE:
                self.set_bits("SR", flag)

    def _nothing_new(self) -> bool:
        """Every flag that a period can set is set, and nothing waits for an update event."""
        return (
            not self.values.get("RCR")
            and not self._repetitions
            and self._counter.state.running
            and not self._awaited_flags()
        )

    # -- inside --------------------------------------------------------------------------------
    def _load_preloads(self, *, by_software: bool) -> None:
        """Make an update event: preloads come into force, UIF is set."""
        if self.values["CR1"] & CR1_UDIS:
            return
        state = self._counter.state
        state.prescaler = self.values["PSC"]
        state.reload = self.values["ARR"]
        if state.direction == DOWN and not by_software:
            state.count = state.reload
        self._repetitions = self.values.get("RCR", 0)
        for name in self._compare:
            self._compare[name] = self.values[name]
        if not (by_software and self.values["CR1"] & CR1_URS):
            self.set_bits("SR", SR_UIF)

    def _awaited_flags(self) -> list[tuple[int, int]]:
        """Compare flags still clear, as (value, flag); UIF as (-1, flag)."""
        flags = self.values["SR"]
        awaited = [
            (self._compare[name], flag)
            for name, flag, mode, shift in self._channels
            if not flags & flag and not self.values[mode] >> shift & MODE_CAPTURE
            if self._compare[name] <= self._counter.state.reload
        ]
        if not flags & SR_UIF and not self.values["CR1"] & CR1_UDIS:
            awaited.append((-1, SR_UIF))
        return awaited

    def _refresh(self) -> None:
        """Bring the interrupt lines and the next deadline up to date."""
        pending = self.values["SR"] & self.values["DIER"] & DIER_INTERRUPTS
        for name, mask in (
            ("global", DIER_INTERRUPTS),
            ("update", SR_UIF),
            ("compare", SR_COMPARE),
            ("trigger", SR_TRIGGER),
            ("break", SR_BREAK),
        ):
            if name in self.context.interrupts:
                self.line(name).set_level(bool(pending & mask))
        self._plan()

    def _plan(self) -> None:
        """Be called when the next flag rises; not at all when none can."""
        awaited = self._awaited_flags()
        if awaited or self.values["CR1"] & CR1_OPM:
            self._counter.plan(value for value, _flag in awaited)
        else:
            self._counter.plan_nothing()
