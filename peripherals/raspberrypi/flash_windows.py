"""What boards say of the flash chip and of the windows onto it, to RP2040's SSI and to RP2350's QMI."""

from __future__ import annotations

from typing import Annotated

from emulator.schema.table import about
from emulator.schema.table import address as address_of

FLASH = 0x10000000
FlashAddress = Annotated[int, address_of("Where the flash chip's memory is.", example=FLASH)]
CachedWindow = Annotated[
    str, about("The accelerator of the cached window.", names_a="accelerator", example="xip")
]
UncachedWindow = Annotated[
    str,
    about("The accelerator of the window beside the cache.", names_a="accelerator", example="xip_direct"),
]
