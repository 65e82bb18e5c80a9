"""What the STM32 flash interfaces share: unlock keys and the access control register.

A write to ACR reaches the memory model: wait states, prefetch, caches, cache resets.
Programming and erasing are not modelled and are reported.
"""

from __future__ import annotations

from typing import ClassVar

from emulator.device import DeviceContext
from peripherals.register_device import RegisterDevice

FLASH_KEYS = (0x45670123, 0xCDEF89AB)
OPTION_KEYS = (0x08192A3B, 0x4C5D6E7F)


class FlashInterface(RegisterDevice):
    """Base of the families' flash interfaces.

    Subclasses say where ACR keeps what (bit numbers, -1 for none), and where the locks are.
    Parameter ``accelerator``: the memory model's name, "flash" by default.
    """

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
    STATE = ("_key_steps",)

    def __init__(self, context: DeviceContext) -> None:
        super().__init__(context)
        self._accelerator = str(context.parameters.get("accelerator", "flash"))
        self._key_steps = {"flash": 0, "options": 0}

    def reset(self) -> None:
        """Lock, and put the accelerator to its reset setting."""
        super().reset()
        self._key_steps = {"flash": 0, "options": 0}
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
        if self._unlocks("flash", FLASH_KEYS, written):
            self.clear_bits(self.CONTROL, self.LOCK)

    def option_key_written(self, written: int, _old: int) -> None:
        """OPTKEYR: two keys in order unlock the option bytes."""
        if self._unlocks("options", OPTION_KEYS, written):
            self.clear_bits(self.OPTION_REGISTER or self.CONTROL, self.OPTION_LOCK)

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

    # -- inside ----------------------------------------------------------------------------
    def _unlocks(self, what: str, keys: tuple[int, int], written: int) -> bool:
        """Follow the sequence of keys; true when it is complete."""
        step = self._key_steps[what]
        if written != keys[step]:
            self._key_steps[what] = 0
            self.report(self.CONTROL, "write", f"wrong key to unlock the {what}")
            return False
        self._key_steps[what] = (step + 1) % 2
        return step == 1
