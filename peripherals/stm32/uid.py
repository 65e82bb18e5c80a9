"""Unique ID, flash size and package words in the STM32's engineering bytes.

RM0432, chapter "Device electronic signature": UID at 0x1FFF7590, flash size in
KiB at 0x1FFF75E0, package at 0x1FFF7500. Other families have them elsewhere, so the
board's parameters give each word's offset.
"""

from __future__ import annotations

from peripherals.register_device import Register, RegisterDevice, read_only

UNIQUE_ID = (0x0042_0031, 0x4C34_5005, 0x2050_3335)


class ElectronicSignature(RegisterDevice):
    """Read-only words.

    Parameters: ``uid``, ``flash_size`` and optionally ``package`` are offsets;
    ``flash_kib`` and ``package_code`` the values there; ``words`` maps further offsets
    (as text) to values.
    """

    def register_table(self) -> tuple[Register, ...]:
        """Lay the words out where this family has them."""
        parameters = self.context.parameters
        words = [(parameters["uid"] + 4 * i, f"UID{i}", word) for i, word in enumerate(UNIQUE_ID)]
        words.append((parameters["flash_size"], "FLASH_SIZE", parameters["flash_kib"]))
        if "package" in parameters:
            words.append((parameters["package"], "PACKAGE", parameters.get("package_code", 0)))
        for offset, value in parameters.get("words", {}).items():
            words.append((int(offset, 0), f"WORD_{offset}", value))
        rows: dict[int, Register] = {}
        for offset, name, value in words:
            below = rows.get(offset & ~3)
            shared = below.reset if below else 0
            full_name = f"{below.name}+{name}" if below else name
            rows[offset & ~3] = read_only(offset & ~3, full_name, shared | value << 8 * (offset & 3))
        return tuple(rows.values())
