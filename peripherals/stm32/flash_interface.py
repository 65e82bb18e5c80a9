"""What the STM32 flash interfaces share: unlock keys and the access control register.

A write to ACR reaches the memory model: wait states, prefetch, caches, cache resets.
Programming and erasing are reported here; families that do it are in programmed_flash.py.
"""

from __future__ import annotations

from typing import ClassVar

from emulator.device import DeviceContext
from peripherals.parts.parameters import TunedParameters
from peripherals.register_device import RegisterDevice

FLASH_KEYS = (0x45670123, 0xCDEF89AB)
OPTION_KEYS = (0x08192A3B, 0x4C5D6E7F)


class KeyedFlash(RegisterDevice):
    """Registers whose locks two keys open, written one after the other to one key register."""

    STATE: ClassVar[tuple[str, ...]] = ("_steps",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._steps: dict[tuple[str, int], int] = {}  # (control register, lock) -> keys that have come

    def reset(self) -> None:
        """Lock; no key has come."""
        super().reset()
        self._steps.clear()

    def take_key(self, control: str, lock: int, keys: tuple[int, int], written: int) -> None:
        """A key was written: the second of the sequence clears the bit ``lock`` of ``control``."""
        step = self._steps.pop((control, lock), 0)
        if written != keys[step]:
            what = "flash" if keys == FLASH_KEYS else "options"
            self.report(control, "write", f"wrong key to unlock the {what}")
        elif step + 1 < len(keys):
            self._steps[control, lock] = step + 1
        else:
            self.open_lock(control, lock)

    def open_lock(self, control: str, lock: int) -> None:
        """Both keys have come."""
        self.clear_bits(control, lock)


class FlashInterface(KeyedFlash):
    """Base of most families' flash interfaces.

    Subclasses say where ACR keeps what (bit numbers, -1 for none), and where the locks are.
    """

    PARAMETERS = TunedParameters
    parameters: TunedParameters
    LINES = ("global",)
    LATENCY_MASK: ClassVar[int] = 0xF
    PREFETCH_BIT: ClassVar[int] = 8
    INSTRUCTION_CACHE_BIT: ClassVar[int] = 9
    DATA_CACHE_BIT: ClassVar[int] = 10
    INSTRUCTION_RESET_BIT: ClassVar[int] = 11
    DATA_RESET_BIT: ClassVar[int] = 12
    LOCK: ClassVar[int] = 1 << 31
    OPTION_LOCK: ClassVar[int] = 1 << 30
    OPERATIONS: ClassVar[int] = 0  # bits of CR that program or erase
    OPTION_REGISTER: ClassVar[str] = ""  # where OPTION_LOCK is, if not in CONTROL
    CONTROL: ClassVar[str] = "CR"

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._accelerator = self.parameters.accelerator

    def reset(self) -> None:
        """Lock, and put the accelerator to its reset setting."""
        super().reset()
        self.apply_access_control()

    # -- effects ---------------------------------------------------------------------------
    def access_control_written(self, _written: int, old: int) -> None:
        """ACR: retune the memory model; a cache reset empties the cache."""
        new = self.values["ACR"]
        for bit, cache in ((self.INSTRUCTION_RESET_BIT, "instruction"), (self.DATA_RESET_BIT, "data")):
            if bit >= 0 and new >> bit & 1 and not old >> bit & 1:
                self.context.tuning.invalidate(self._accelerator, cache)
        if new != old:
            self.apply_access_control()

    def key_written(self, written: int, _old: int) -> None:
        """KEYR: two keys in order unlock CR."""
        self.take_key(self.CONTROL, self.LOCK, FLASH_KEYS, written)

    def option_key_written(self, written: int, _old: int) -> None:
        """OPTKEYR: two keys in order unlock the option bytes."""
        self.take_key(self.OPTION_REGISTER or self.CONTROL, self.OPTION_LOCK, OPTION_KEYS, written)

    def control_written(self, written: int, old: int) -> None:
        """CR: locks only close here; operations are reported."""
        locks = self.LOCK | (0 if self.OPTION_REGISTER else self.OPTION_LOCK)
        if old & self.LOCK:
            self.values[self.CONTROL] = old
            return
        self.values[self.CONTROL] = (self.values[self.CONTROL] & ~locks) | ((old | written) & locks)
        if written & self.OPERATIONS:
            self.report(self.CONTROL, "write", "flash programming and erasing")
            self.clear_bits(self.CONTROL, self.OPERATIONS)

    def apply_access_control(self) -> None:
        """Tell the memory model what ACR says."""
        value = self.values["ACR"]
        parameters = {"wait_states": value & self.LATENCY_MASK}
        for name, bit in (
            ("prefetch", self.PREFETCH_BIT),
            ("instruction_cache", self.INSTRUCTION_CACHE_BIT),
            ("data_cache", self.DATA_CACHE_BIT),
        ):
            if bit >= 0:
                parameters[name] = value >> bit & 1
        self.context.tuning.configure(self._accelerator, **parameters)
