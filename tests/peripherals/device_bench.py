"""A bench for one device: a clock that a test turns, wires, a serial port, memory. No processor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from emulator.clock.clock import Clock
from emulator.clock.ramp import Ramp
from emulator.device import DescribedWord, Device, DeviceContext, NothingAnswers
from emulator.links.audio_input import AudioWires

CORE_HZ = 1_000_000


class FakeLine:
    def __init__(self) -> None:
        self.level = False
        self.rises = 0

    def set_level(self, asserted: bool) -> None:
        self.rises += asserted and not self.level
        self.level = asserted


class FakeSerial:
    def __init__(self) -> None:
        self.sent: list[int] = []
        self.queue: list[int] = []
        self.bauds: list[int] = []
        self.callbacks: list[Callable[[], None]] = []

    def transmit(self, data: int) -> None:
        self.sent.append(data)

    def next_received(self) -> int | None:
        return self.queue.pop(0) if self.queue else None

    def waiting(self) -> int:
        return len(self.queue)

    def on_waiting(self, callback: Callable[[], None]) -> None:
        self.callbacks.append(callback)

    def configured(self, baud: int) -> None:
        self.bauds.append(baud)

    def feed(self, data: bytes) -> None:
        had_none = not self.queue
        self.queue += data
        if had_none:
            for callback in self.callbacks:
                callback()


class FakeMemory:
    """Bytes by address; devices answer where ``devices`` says (base, device), nothing in ``absent``."""

    def __init__(self) -> None:
        self.bytes: dict[int, int] = {}
        self.absent = range(0)
        self.devices: list[tuple[int, Device]] = []

    def _device(self, address: int) -> tuple[int, Device] | None:
        return next(((b, d) for b, d in self.devices if b <= address < b + d.size_bytes), None)

    def read(self, address: int, size_bytes: int) -> int:
        if address in self.absent:
            raise NothingAnswers
        found = self._device(address)
        if found:
            return found[1].read(address - found[0], size_bytes)
        return sum(self.bytes.get(address + i, 0) << 8 * i for i in range(size_bytes))

    def read_again(self, address: int, size_bytes: int, count: int) -> bytes:
        found = self._device(address)
        if found and hasattr(found[1], "read_again"):
            data: bytes | None = found[1].read_again(address - found[0], size_bytes, count)
            if data is not None:
                return data
        return b"".join(self.read(address, size_bytes).to_bytes(size_bytes, "little") for _ in range(count))

    def write_all(self, address: int, data: bytes) -> None:
        for i, byte in enumerate(data):
            self.write(address + i, 1, byte)

    def write(self, address: int, size_bytes: int, value: int) -> None:
        if address in self.absent:
            raise NothingAnswers
        found = self._device(address)
        if found:
            found[1].write(address - found[0], size_bytes, value)
            return
        for i in range(size_bytes):
            self.bytes[address + i] = value >> 8 * i & 0xFF


class FakeFlash:
    """Takes what a flash controller programs to memory; ``store`` is firmware's."""

    def __init__(self, memory: FakeMemory) -> None:
        self._memory = memory
        self._served: list[tuple[int, int, Callable[[int, int, int], bool]]] = []

    def serve_stores(self, first: int, size_bytes: int, stored: Callable[[int, int, int], bool]) -> None:
        self._served.append((first, first + size_bytes, stored))

    def put(self, address: int, data: bytes) -> None:
        self._memory.bytes.update(enumerate(data, address))

    def store(self, address: int, size_bytes: int, value: int) -> bool:
        found = [stored for first, end, stored in self._served if first <= address < end]
        return any(stored(address, size_bytes, value) for stored in found)


class FakeTuning:
    def __init__(self) -> None:
        self.parameters: dict[str, dict[str, int]] = defaultdict(dict)
        self.invalidated: list[tuple[str, str]] = []
        self.counts = (0, 0)

    def configure(self, accelerator: str, **parameters: int) -> None:
        self.parameters[accelerator].update(parameters)

    def invalidate(self, accelerator: str, cache: str) -> None:
        self.invalidated.append((accelerator, cache))

    def hits_and_misses(self, _accelerator: str, _cache: str) -> tuple[int, int]:
        return self.counts


class FakeClocks:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.frequencies: dict[str, int] = {"core": clock.core_hz}
        self.before: list[Callable[[], None]] = []
        self.after: list[Callable[[], None]] = []

    def hz(self, name: str) -> int:
        return self.frequencies.get(name, self.frequencies["core"])

    def set(self, frequencies: Mapping[str, int]) -> None:
        for callback in self.before:
            callback()
        self.frequencies.update(frequencies)
        self.clock.set_core_hz(self.frequencies["core"])
        for callback in self.after:
            callback()

    def on_change(self, callback: Callable[[], None]) -> None:
        self.after.append(callback)

    def before_change(self, callback: Callable[[], None]) -> None:
        self.before.append(callback)


class FakeSignals:
    def __init__(self) -> None:
        self.levels: dict[str, int] = {}
        self.watchers: defaultdict[str, list[Callable[[int], None]]] = defaultdict(list)
        self.history: list[tuple[str, int]] = []

    def set(self, name: str, level: int) -> None:
        if self.levels.get(name, 0) == level:
            return
        self.levels[name] = level
        self.history.append((name, level))
        for callback in self.watchers[name]:
            callback(level)

    def get(self, name: str) -> int:
        return self.levels.get(name, 0)

    def watch(self, name: str, callback: Callable[[int], None]) -> None:
        self.watchers[name].append(callback)


class Bench:
    """What surrounds the devices under test; time stands still unless ``run`` is called."""

    def __init__(self, core_hz: int = CORE_HZ) -> None:
        self.cycles = 0
        self.clock = Clock(core_hz)
        self.clock.attach(lambda: self.cycles, lambda _next: None)
        self.clocks = FakeClocks(self.clock)
        self.memory = FakeMemory()
        self.flash = FakeFlash(self.memory)
        self.tuning = FakeTuning()
        self.signals = FakeSignals()
        self.serial = FakeSerial()
        self.audio: dict[str, AudioWires] = {}
        self.lines: dict[str, FakeLine] = {}
        self.unmodelled: list[tuple[int, str, str]] = []
        self.resets: list[str] = []
        self.described: dict[int, DescribedWord] = {}
        self.touches = 0
        self.ramp: Ramp | None = None

    def context(
        self, name: str = "device", *, base: int = 0, lines: tuple[str, ...] = (), **parameters: Any
    ) -> DeviceContext:
        """Make what a device, or a part alone, is given."""
        self.lines.update({line: FakeLine() for line in lines})
        return DeviceContext(
            name=name,
            base=base,
            clock=self.clock,
            clocks=self.clocks,
            memory=self.memory,
            tuning=self.tuning,
            signals=self.signals,
            interrupts={line: self.lines[line] for line in lines},
            serial=self.serial,
            parameters=parameters,
            unmodelled=lambda offset, access, what: self.unmodelled.append((offset, access, what)),
            described=self.described.get,
            request_reset=self.resets.append,
            audio=lambda wires: self.audio.setdefault(f"{name}_{wires}", AudioWires(f"{name}_{wires}")),
            flash=self.flash,
            touch=self._touch,
            consumed=self._touch,
        )

    def build(
        self,
        kind: Callable[[DeviceContext], Any],
        name: str = "device",
        *,
        base: int = 0,
        lines: tuple[str, ...] = (),
        **parameters: Any,
    ) -> Any:
        """Make a device, reset it, and let memory reach it."""
        device = kind(self.context(name, base=base, lines=lines, **parameters))
        device.reset()
        self.memory.devices.append((base, device))
        return device

    def _touch(self, ramp: Ramp | None = None) -> None:
        self.ramp = ramp
        self.touches += 1

    def run(self, cycles: int) -> None:
        """Let modelled time pass; deadlines are served at their own cycles."""
        end = self.cycles + cycles
        while self.clock.next_cycles() <= end:
            self.cycles = max(self.cycles, self.clock.next_cycles())
            self.clock.run_due(self.cycles)
        self.cycles = end


def offset_of(device: Any, register: str) -> int:
    """Where a device has the register of this name."""
    return next(row.offset for row in device.register_table() if row.name == register)


def get(device: Any, register: str) -> int:
    """Read a register by name."""
    return device.read(offset_of(device, register), 4)


def put(device: Any, register: str, value: int) -> None:
    """Write a register by name."""
    device.write(offset_of(device, register), 4, value)


def round_trip(device: Any) -> None:
    """Save, disturb by a reset, and load: the device must be as before."""
    before = device.save()
    device.reset()
    device.load(before)
    assert device.save() == before
