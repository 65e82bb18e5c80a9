"""Unicorn as a stopped Cortex-M: registers by their Arm names, memory, code hooks.

The only module that imports unicorn besides the hooks and what they share. The traps that it
designs out are described in tests/unicorn_traps, one test each.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from unicorn import UC_ARCH_ARM, UC_MODE_THUMB, Uc, UcError
from unicorn import arm_const as arm
from unicorn import unicorn_const as ucc
from unicorn.unicorn_py3 import unicorn as unicorn_binding

from emulator.board.model import Region
from emulator.engine.exclusive_monitor import OPEN, find_monitor
from emulator.engine.expressions import MASK32
from emulator.engine.library import native_library
from emulator.engine.register_file import find_register_file
from emulator.engine.stack_limits import find_stack_limits
from emulator.engine.tlb import PAGE_SHIFT, Tlb
from emulator.engine.vector.vector_state import STATUS_BITS, VectorState
from emulator.system.core import MemoryFault
from emulator.system.features import features_of

CPU_MODELS = {
    "cortex-m0": arm.UC_CPU_ARM_CORTEX_M0,
    "cortex-m0plus": arm.UC_CPU_ARM_CORTEX_M0,
    "cortex-m3": arm.UC_CPU_ARM_CORTEX_M3,
    "cortex-m4": arm.UC_CPU_ARM_CORTEX_M4,
    "cortex-m7": arm.UC_CPU_ARM_CORTEX_M7,
    "cortex-m33": arm.UC_CPU_ARM_CORTEX_M33,
    "cortex-m55": arm.UC_CPU_ARM_CORTEX_M33,  # what it lacks: emulator/engine/vector
    "cortex-m85": arm.UC_CPU_ARM_CORTEX_M33,
}
PAGE = 1 << PAGE_SHIFT
TRANSLATION_BYTES = 32 << 20
"""Room for translated code. Unicorn's own is 1 GiB, so that all but the first machine of a process
lie farther than 2 GiB from Unicorn's library; calls to it are then indirect, and in one machine of
ten or twenty all of the code took twice the time. It is filled in time: each exception return leaves
some 230 bytes, since Unicorn makes room for a block before it finds that EXC_RETURN is no code."""
RUN_UNTIL = 0xFFFFFFFE
"""An address that is never executed: ``emu_start`` needs an end."""
EXC_RETURN_FROM = 0xFFFFFF00
BAD_DATA = ucc.UC_HOOK_MEM_INVALID & ~(ucc.UC_HOOK_MEM_FETCH_UNMAPPED | ucc.UC_HOOK_MEM_FETCH_PROT)
GE_FLAGS = 0xF0000
CONTROL_BITS, CONTROL_FPCA, CONTROL_SFPA = 7, 4, 8
FPSCR_ROUNDING_MODE = 3 << 22
VPR_BITS = 0xFFFFFF

REGISTER_IDS: dict[str, int] = {
    **{f"r{n}": getattr(arm, f"UC_ARM_REG_R{n}") for n in range(13)},
    **{f"s{n}": getattr(arm, f"UC_ARM_REG_S{n}") for n in range(32)},
    "sp": arm.UC_ARM_REG_SP,
    "lr": arm.UC_ARM_REG_LR,
    "pc": arm.UC_ARM_REG_PC,
    "xpsr": arm.UC_ARM_REG_XPSR,
    "msp": arm.UC_ARM_REG_MSP,
    "psp": arm.UC_ARM_REG_PSP,
    "ipsr": arm.UC_ARM_REG_IPSR,
    "primask": arm.UC_ARM_REG_PRIMASK,
    "basepri": arm.UC_ARM_REG_BASEPRI,
    "faultmask": arm.UC_ARM_REG_FAULTMASK,
    "control": arm.UC_ARM_REG_CONTROL,
    "fpscr": arm.UC_ARM_REG_FPSCR,
}
STACK_LIMITS = ("msplim", "psplim")
GENERAL = (*(f"r{n}" for n in range(13)), "sp", "lr", "pc")
SPECIAL = ("xpsr", "msp", "psp", "primask", "basepri", "faultmask", "control")
POSITIONS = {name: n for n, name in enumerate(GENERAL)}
READ_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_uint64, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_void_p
)
WRITE_CALLBACK = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_uint64, ctypes.c_void_p
)


@dataclass(slots=True)
class HostMemory:
    """The bytes of one region, owned here and mapped into Unicorn; ``end``: so far they answer."""

    region: Region
    buffer: mmap.mmap
    pointer: int
    view: memoryview
    end: int
    executes: bool = False  # a RAM that code has run in

    def changing(self, address: int) -> int:
        """Where the bytes from an address on are, if they may change; else 0."""
        return self.pointer + address - self.region.base if self.region.kind == "ram" else 0

    def held(self, address: int, most_bytes: int) -> bytes:
        """What it holds from an address on, up to its end at most."""
        start = address - self.region.base
        return bytes(self.view[start : min(start + most_bytes, self.end - self.region.base)])


class _Batch:
    """The arrays of one batch, kept for the next time the same registers are read or written."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.count = len(names)
        ids = (ctypes.c_int * self.count)(*(REGISTER_IDS[name] for name in names))
        self.values = (ctypes.c_uint32 * self.count)()
        start = ctypes.addressof(self.values)
        pointers = (ctypes.c_void_p * self.count)(*(start + 4 * n for n in range(self.count)))
        self.ids = ctypes.cast(ids, ctypes.POINTER(ctypes.c_int))  # an array would be cast at each call
        self.pointers = ctypes.cast(pointers, ctypes.POINTER(ctypes.c_void_p))
        self.control = names.index("control") if "control" in names else None
        self.xpsr = names.index("xpsr") if "xpsr" in names else None
        self.fpscr = names.index("fpscr") if "fpscr" in names else None


class Core:
    """One Unicorn instance with its memory map; implements ``CoreRegisters``.

    ``has_rounded_otherwise``: FPSCR has had another rounding mode than to nearest.
    """

    def __init__(self, core_name: str, regions: tuple[Region, ...], *, has_fpu: bool) -> None:
        self.has_fpu = has_fpu
        self.has_rounded_otherwise = False
        self.uc = Uc(UC_ARCH_ARM, UC_MODE_THUMB)
        self.uc.ctl_set_page_size(PAGE)  # an M core's own is 1 KiB: four times the misses of its TLB
        self.uc.ctl_set_cpu_model(CPU_MODELS[core_name])
        self.uc.ctl_set_tcg_buffer_size(TRANSLATION_BYTES)
        self.tlb = Tlb(self.uc, native_library())
        self._library = unicorn_binding.uclib
        self._batches: dict[tuple[str, ...], _Batch] = {}
        self._word = ctypes.c_uint32()
        self._word_pointer = ctypes.byref(self._word)  # the binding takes 3 us a register, this 0.3
        self.register_file = find_register_file(self.uc)
        self.emulate: Callable[[int], int] = self._emulate  # from a PC on; the native hook has its own
        self.emulate_part: Callable[[int, int], int] = (
            self._emulate_part
        )  # the same; the interpreter has its own
        self.doors: Callable[[int, Any, Any], tuple[Any, Any, Any]] = _own_doors  # to device registers
        self.monitor = find_monitor(self.register_file, CPU_MODELS[core_name])
        self.stack_limits = find_stack_limits(self.register_file, CPU_MODELS[core_name])
        self.vector_state = VectorState() if features_of(core_name).has_mve else None  # None: no MVE
        self._callbacks: list[object] = []
        self._bad_access_seen: Callable[[int], None] = lambda _address: None
        self.store_to_flash: Callable[[int, int, int], bool] = lambda _address, _size_bytes, _value: False
        self.memories: list[HostMemory] = []
        self._by_name: dict[str, HostMemory] = {}
        self._mmio_reads: list[tuple[int, int, Callable[[int, int], int]]] = []
        self._mmio_writes: list[tuple[int, int, Callable[[int, int, int], None]]] = []
        for region in sorted(regions, key=lambda r: bool(r.alias_of)):
            self._map(region)
        self._find_bounds()
        self._absent: dict[str, int] = {}  # the hooks of what does not answer, by region
        # Unicorn puts each new memory behind the smallest one so far in its own space of RAM
        # addresses. A larger one that comes later then shares addresses with another, and a store
        # to the one throws away translated code of the other, so the largest come first:
        # tests/unicorn_traps, test_memory_that_grows_shares_ram_addresses.
        for memory in sorted(self.memories, key=lambda m: -_pages(m.region.size_bytes)):
            other = ucc.UC_PROT_WRITE if memory.region.kind == "ram" else ucc.UC_PROT_EXEC
            size = min(_pages(memory.region.size_bytes), len(memory.buffer))
            for at in range(0, size, memory.region.bank_bytes or size):
                self.uc.mem_map_ptr(
                    memory.region.base + at,
                    min(memory.region.bank_bytes or size, size - at),
                    ucc.UC_PROT_READ | other,
                    memory.pointer + at,
                )

    def _map(self, region: Region) -> None:
        size = _pages(region.size_bytes)
        target = self._by_name.get(region.alias_of)
        if target is None:
            buffer = _own_memory(size)
            if region.kind == "flash":
                buffer[:] = b"\xff" * size
            if region.contents:
                at = region.contents_at - region.base
                buffer[at : at + len(region.contents)] = region.contents
            pointer = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
            target = HostMemory(region, buffer, pointer, memoryview(buffer), region.end)
            self._by_name[region.name] = target
        self.memories.append(HostMemory(region, target.buffer, target.pointer, target.view, region.end))

    def map_device(
        self,
        base: int,
        size_bytes: int,
        read: Callable[[int, int], int],
        write: Callable[[int, int, int], None],
    ) -> None:
        """Map device registers: ``read(address, size)`` and ``write(address, size, value)``."""

        def on_read(_uc: int, offset: int, size: int, _data: int) -> int:
            return read(base + offset, size)

        def on_write(_uc: int, offset: int, size: int, value: int, _data: int) -> None:
            write(base + offset, size, value)

        read_callback, write_callback = READ_CALLBACK(on_read), WRITE_CALLBACK(on_write)
        self._callbacks += [read_callback, write_callback]
        read_door, write_door, data = self.doors(base, read_callback, write_callback)
        status = unicorn_binding.uclib.uc_mmio_map(
            self.uc._uch, ctypes.c_uint64(base), ctypes.c_size_t(size_bytes),
            read_door, data, write_door, data,
        )  # fmt: skip
        if status:
            raise UcError(status)
        self._mmio_reads.append((base, base + size_bytes, read))
        self._mmio_writes.append((base, base + size_bytes, write))

    # -- registers ---------------------------------------------------------------------
    def get(self, name: str) -> int:
        """Read a register."""
        if self.register_file is not None and name in POSITIONS:
            return int(self.register_file[POSITIONS[name]])
        if name in STACK_LIMITS:
            return self.stack_limits[name].value if name in self.stack_limits else 0
        if name == "vpr":
            return self.vector_state.vpr if self.vector_state is not None else 0
        value = self._read(REGISTER_IDS[name])
        if name == "fpscr" and self.vector_state is not None:
            value = value & ~STATUS_BITS | self.vector_state.status
        return value & CONTROL_BITS if name == "control" else value

    def _read(self, register_id: int) -> int:
        self._library.uc_reg_read(self.uc._uch, register_id, self._word_pointer)
        return int(self._word.value)

    def _write(self, register_id: int, value: int) -> None:
        self._word.value = value
        self._library.uc_reg_write(self.uc._uch, register_id, self._word_pointer)

    def thumb_state(self) -> bool:
        """EPSR.T, which Unicorn shows in CPSR bit 5."""
        return bool(self._read(arm.UC_ARM_REG_CPSR) >> 5 & 1)

    def set(self, name: str, value: int) -> None:
        """Write a register.

        xPSR: hardware takes the GE flags with it, Unicorn 2.1.4 drops them; they go through
        CPSR. CONTROL: Unicorn's M33 is in Secure state, where FPCA without SFPA starts a new
        FP context; SFPA is set along. tests/system/test_on_unicorn.py tells when both can go.
        Privilege follows CONTROL.nPRIV and IPSR at once on hardware; see :meth:`_follow_privilege`.
        """
        if name in STACK_LIMITS:
            if name in self.stack_limits:
                self.stack_limits[name].value = value
            return
        if name == "vpr":
            if self.vector_state is not None:
                self.vector_state.vpr = value & VPR_BITS
            return
        if name == "fpscr" and self.vector_state is not None:
            self.vector_state.status = value
        if name == "control" and value & CONTROL_FPCA:
            value |= CONTROL_SFPA
        if name == "fpscr" and value & FPSCR_ROUNDING_MODE:
            self.has_rounded_otherwise = True
        self._write(REGISTER_IDS[name], value)
        if name == "xpsr":
            self._set_ge_flags(value)
        elif name == "control":
            self._follow_privilege()

    def _follow_privilege(self) -> None:
        """Let Unicorn derive the mode of the running code anew; CONTROL is written after IPSR.

        Which TLB it asks and whether CPS does anything, Unicorn 2.1.4 derives at MSR and CPS alone and,
        of what a host can write, at the flags. tests/unicorn_traps/test_tlb.py tells when this can go.
        """
        self._write(arm.UC_ARM_REG_APSR_NZCV, self._read(arm.UC_ARM_REG_APSR_NZCV))

    def _set_ge_flags(self, xpsr: int) -> None:
        if (self._read(REGISTER_IDS["xpsr"]) ^ xpsr) & GE_FLAGS:
            cpsr = self._read(arm.UC_ARM_REG_CPSR)
            self._write(arm.UC_ARM_REG_CPSR, cpsr & ~GE_FLAGS | xpsr & GE_FLAGS)

    def get_many(self, names: tuple[str, ...]) -> tuple[int, ...]:
        """Read several registers, in one call of the library."""
        if names[-1] == "vpr":
            return (*self.get_many(names[:-1]), self.get("vpr"))
        batch = self._batches.get(names) or self._new_batch(names)
        self._library.uc_reg_read_batch(self.uc._uch, batch.ids, batch.pointers, batch.count)
        values = batch.values[:]
        if batch.control is not None:
            values[batch.control] &= CONTROL_BITS
        if batch.fpscr is not None and self.vector_state is not None:
            values[batch.fpscr] = values[batch.fpscr] & ~STATUS_BITS | self.vector_state.status
        return tuple(values)

    def set_many(self, names: tuple[str, ...], values: tuple[int, ...]) -> None:
        """Write several registers in order; VPR comes last."""
        if names[-1] == "vpr":
            self.set("vpr", values[-1])
            names, values = names[:-1], values[:-1]
        batch = self._batches.get(names) or self._new_batch(names)
        batch.values[:] = list(values)
        if batch.control is not None and batch.values[batch.control] & CONTROL_FPCA:
            batch.values[batch.control] |= CONTROL_SFPA
        self._library.uc_reg_write_batch(self.uc._uch, batch.ids, batch.pointers, batch.count)
        if batch.fpscr is not None and batch.values[batch.fpscr] & FPSCR_ROUNDING_MODE:
            self.has_rounded_otherwise = True
        if batch.fpscr is not None and self.vector_state is not None:
            self.vector_state.status = batch.values[batch.fpscr]
        if batch.xpsr is not None:
            self._set_ge_flags(batch.values[batch.xpsr])
        if batch.control is not None:
            self._follow_privilege()

    def _new_batch(self, names: tuple[str, ...]) -> _Batch:
        batch = self._batches[names] = _Batch(names)
        return batch

    def general_registers(self) -> tuple[int, ...]:
        """r0..r12, sp, lr, pc and xPSR, of a stopped core."""
        if self.register_file is None:
            return self.get_many((*GENERAL, "xpsr"))
        return (*self.register_file, self.get("xpsr"))

    def registers(self) -> dict[str, int]:
        """General registers, xPSR and the special ones, by name."""
        names = (*GENERAL, *SPECIAL)
        return dict(zip(names, self.get_many(names), strict=True))

    def clear_exclusive_monitor(self) -> None:
        """As CLREX does."""
        if self.monitor is not None:
            self.monitor.address = OPEN

    def match_exclusive_monitor(self, address: int, size_bytes: int) -> None:
        """Let a STREX to memory at ``address`` pass, if any STREX would."""
        monitor, memory = self.monitor, self.memory_at(address)
        if monitor is None or monitor.address == OPEN or memory is None:
            return
        start = address - memory.region.base
        monitor.address = address
        monitor.loaded = int.from_bytes(memory.view[start : start + size_bytes], "little")

    # -- memory --------------------------------------------------------------------------
    def _find_bounds(self) -> None:
        self._bounds = [(m.region.base, m.end, m) for m in self.memories]

    def answer_until(self, name: str, end: int) -> None:
        """Let a region answer up to ``end``, a multiple of its banks, and no further; between two runs.

        Its bytes stay. Nothing is unmapped, so that its place among Unicorn's RAM addresses stays, too.
        """
        memory = next(m for m in self.memories if m.region.name == name)
        first, last = sorted((memory.end, end))
        if first == last:
            return
        open_for = ucc.UC_PROT_ALL if memory.executes else ucc.UC_PROT_READ | ucc.UC_PROT_WRITE
        self.uc.mem_protect(first, last - first, ucc.UC_PROT_NONE if end < memory.end else open_for)
        memory.end = end
        self._find_bounds()
        if memory.executes:
            self.forget_all_code()
        self.tlb.memories_changed()
        if name in self._absent:
            self.uc.hook_del(self._absent.pop(name))
        if end < memory.region.end:
            self._absent[name] = self._watch_bad(end, memory.region.end - 1)

    def memory_at(self, address: int) -> HostMemory | None:
        """The host bytes behind ``address``, if it is memory."""
        for base, end, memory in self._bounds:
            if base <= address < end:
                return memory
        return None

    def memory_of(self, address: int) -> HostMemory | None:
        """The same, also where it does not answer now."""
        return next((m for m in self.memories if m.region.base <= address < m.region.end), None)

    def read_memory(self, address: int, size_bytes: int) -> bytes:
        """Read memory or registers; :class:`MemoryFault` where nothing answers."""
        memory = self.memory_at(address)
        if memory is not None and address + size_bytes <= memory.end:
            start = address - memory.region.base
            return bytes(memory.view[start : start + size_bytes])
        for base, end, read in self._mmio_reads:
            if base <= address < end:
                size = size_bytes if size_bytes in (1, 2, 4) else 1
                return b"".join(
                    read(address + i, size).to_bytes(size, "little") for i in range(0, size_bytes, size)
                )
        raise MemoryFault(address, is_store=False)

    def held_at(self, address: int, size_bytes: int) -> bytes | None:
        """Bytes of a memory, None where there is none: no register is read."""
        memory = self.memory_at(address)
        if memory is None or address + size_bytes > memory.end:
            return None
        return self.read_memory(address, size_bytes)

    def write_memory(self, address: int, data: bytes) -> None:
        """Write RAM or registers, or a flash whose controller takes it; else :class:`MemoryFault`."""
        memory = self.memory_at(address)
        if memory is not None and address + len(data) <= memory.end and memory.region.kind == "ram":
            self.load_memory(address, data)
            return
        if memory is not None and self.store_to_flash(address, len(data), int.from_bytes(data, "little")):
            return
        for base, end, write in self._mmio_writes:
            if base <= address < end:
                size = len(data) if len(data) in (1, 2, 4) else 1
                for i in range(0, len(data), size):
                    write(address + i, size, int.from_bytes(data[i : i + size], "little"))
                return
        raise MemoryFault(address, is_store=True)

    def load_memory(self, address: int, data: bytes) -> None:
        """Put bytes into any memory, flash and what does not answer included, as a programmer would."""
        memory = self.memory_of(address)
        if memory is None or address + len(data) > memory.region.end:
            raise MemoryFault(address, is_store=True)
        start = address - memory.region.base
        memory.view[start : start + len(data)] = data

    def watch_code(self, address: int, reached: Callable[[int], None]) -> int:
        """Call ``reached(address)`` before the instruction there executes, in code translated from now on.

        In an IT block only when its condition holds. ``reached`` must not raise. Returns a number for
        :meth:`unwatch_code`.
        """
        return int(
            self.uc.hook_add(
                ucc.UC_HOOK_CODE, lambda _uc, at, _size, _data: reached(at), None, address, address
            )
        )

    def unwatch_code(self, number: int) -> None:
        """End a :meth:`watch_code`; the core does not run."""
        self.uc.hook_del(number)

    def watch_bad_accesses(self, seen: Callable[[int], None]) -> None:
        """Call ``seen(address)`` before an access to nothing, or one that its memory refuses, ends a run.

        A store that :attr:`store_to_flash` takes is none: tests/unicorn_traps,
        test_a_store_to_a_read_only_memory_may_be_taken_by_its_hook.

        RAM refuses nothing but its first fetch, and is left out: emulator/engine/tlb.py. So is the fetch
        from an EXC_RETURN, by which Unicorn finds a return from a handler.
        """
        self._bad_access_seen = seen
        start = 0
        for region in sorted(
            (m.region for m in self.memories if m.region.kind == "ram"), key=lambda r: r.base
        ):
            if start < region.base:
                self._watch_bad(start, region.base - 1)
            start = region.base + _pages(region.size_bytes)
        self._watch_bad(start, EXC_RETURN_FROM - 1)
        self._watch_bad(EXC_RETURN_FROM, MASK32, BAD_DATA)

    def _watch_bad(self, first: int, last: int, kinds: int = ucc.UC_HOOK_MEM_INVALID) -> int:
        return int(self.uc.hook_add(kinds, self._on_bad_access, None, first, last))

    def _on_bad_access(
        self, _uc: Uc, access: int, address: int, size: int, value: int, _data: object
    ) -> bool:
        address &= MASK32
        if access == ucc.UC_MEM_WRITE_PROT and self.store_to_flash(address, size, value):
            return True  # Unicorn makes the store, and goes on: see emulator/machine/controlled_flash.py
        self._bad_access_seen(address)
        return False

    def opens_for_execution(self, error: UcError | None) -> bool:
        """Whether ``error`` was the first fetch from a RAM, which is executable from now on.

        The hardware executes from any RAM. Unicorn takes every store to an executable memory the
        long way, to see whether it changes code, so a RAM is mapped without that permission until
        code in it runs: tests/unicorn_traps, test_ram_is_opened_for_execution_by_its_first_fetch.
        """
        if error is None or error.errno != ucc.UC_ERR_FETCH_PROT:
            return False
        memory = self.memory_at(self.get("pc"))
        if memory is None or memory.region.kind != "ram":
            return False
        if memory.executes:  # it answers again
            return True
        size = _pages(memory.end - memory.region.base)
        for other in self.memories:
            other.executes |= other.buffer is memory.buffer
        self.tlb.allow_execution(memory.region.base, _pages(memory.region.size_bytes))
        self.uc.mem_protect(memory.region.base, size, ucc.UC_PROT_ALL)  # flushes the TLB's entries
        return True

    def make_writable(self, base: int) -> None:
        """Turn the memory at ``base``, and its aliases, into RAM from now on."""
        buffer = next(m.buffer for m in self.memories if m.region.base == base)
        for memory in self.memories:
            if memory.buffer is buffer and memory.region.kind != "ram":
                memory.region = replace(memory.region, kind="ram")
                size = min(_pages(memory.region.size_bytes), len(buffer))
                self.tlb.allow_execution(memory.region.base, size)
                self.uc.mem_protect(memory.region.base, size, ucc.UC_PROT_ALL)

    def forget_code(self, address: int, size_bytes: int) -> None:
        """Drop translations of a stretch, so that it is translated anew with its hooks."""
        self.uc.ctl_remove_cache(address, address + size_bytes)

    def forget_all_code(self) -> None:
        """Drop every translation."""
        self.uc.ctl_flush_tb()

    # -- running --------------------------------------------------------------------------
    def run(self, pc: int) -> UcError | None:
        """Execute from ``pc`` until a hook stops; an error of Unicorn's is returned.

        What a hook written in Python raised (Ctrl-C, say) is raised here: Unicorn's binding keeps it and
        stops, and only its own ``emu_start`` would raise it.
        """
        if not self.tlb.is_wide:
            self.tlb.widen()
        return self._checked(self.emulate, pc)

    def run_part(self, pc: int, until: int) -> UcError | None:
        """Execute from ``pc`` to before the instruction at ``until``, or until a hook stops; see :meth:`run`.

        Instructions of an IT block count one by one. What was translated for it ends before ``until``:
        the caller drops it.
        """
        return self._checked(lambda start: self.emulate_part(start, until), pc)

    def _checked(self, emulate: Callable[[int], int], pc: int) -> UcError | None:
        uc = self.uc
        uc._hook_exception = None
        status = emulate(pc)
        raised = uc._hook_exception
        if raised is not None:
            uc._hook_exception = None
            raise raised
        return UcError(status) if status else None

    def _emulate(self, pc: int) -> int:
        return self._emulate_part(pc, RUN_UNTIL)

    def _emulate_part(self, pc: int, until: int) -> int:
        return int(self._library.uc_emu_start(self.uc._uch, pc | 1, until, 0, 0))


def _own_doors(_base: int, read: Any, write: Any) -> tuple[Any, Any, Any]:
    return ctypes.cast(read, ctypes.c_void_p), ctypes.cast(write, ctypes.c_void_p), None


def _own_memory(size_bytes: int) -> mmap.mmap:
    """Zeroes that a copy of this process has for itself, where processes can be copied at all."""
    if hasattr(mmap, "MAP_PRIVATE"):
        return mmap.mmap(-1, size_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return mmap.mmap(-1, size_bytes)


def _pages(size_bytes: int) -> int:
    """A size in bytes, rounded up to whole pages of Unicorn's."""
    return -(-size_bytes // PAGE) * PAGE
