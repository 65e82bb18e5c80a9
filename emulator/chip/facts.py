"""The core of a chip, from what its SVD file, an image and the user say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from emulator.board.areas import MAY_HAVE_BIT_BAND, PERIPHERAL_ALIAS
from emulator.board.schema import CORES
from emulator.chip.model import Chip, Processor
from emulator.errors import UsageError
from emulator.image.model import Image

SVD_CORES = {
    "CM0": "cortex-m0",
    "CM0PLUS": "cortex-m0plus",
    "CM0+": "cortex-m0plus",
    "CM3": "cortex-m3",
    "CM4": "cortex-m4",
    "CM7": "cortex-m7",
    "CM33": "cortex-m33",
    "CM55": "cortex-m55",
    "CM85": "cortex-m85",
}
"""Names of ``<cpu><name>`` (CMSIS-SVD schema 1.3) and the cores that there are here."""
COMMON_PRIORITY_BITS = 3
WITH_FPU = ("cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55", "cortex-m85")
WITHOUT_MPU_REGIONS = ("cortex-m0",)


@dataclass(frozen=True, slots=True)
class CoreFacts:
    """A core as a board file says it. ``guesses``: what of it nobody has said, a line each."""

    core: str
    fpu: str
    priority_bits: int
    parameters: Mapping[str, int] = field(default_factory=dict)
    guesses: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """In words, for a board's title."""
        name = self.core.replace("cortex-m", "Cortex-M").replace("plus", "+")
        return name + ("" if self.fpu == "none" else "F")


def core_facts(chip: Chip | None, image: Image | None, wanted: str | None) -> CoreFacts:
    """Put together what is known; ``wanted``: the core that the user says.

    Raises UsageError when nobody says it, or it is none that there is here.
    """
    processor = chip.processor if chip is not None else None
    guesses: list[str] = []
    core = wanted or _core(processor, image, guesses)
    fpu = _fpu(core, processor, image, guesses)
    fewest, most = CORES[core].priority_bits
    bits = processor.priority_bits if processor is not None else None
    if bits is None or not fewest <= bits <= most:
        bits = fewest if fewest == most else COMMON_PRIORITY_BITS
        if fewest != most:
            guesses.append(f"priority_bits = {bits}: __NVIC_PRIO_BITS of the chip's CMSIS header")
    parameters: dict[str, int] = {}
    peripherals = chip.peripherals if chip is not None else ()
    if core in MAY_HAVE_BIT_BAND and not any(p.base in PERIPHERAL_ALIAS for p in peripherals):
        parameters["bit_band"] = 1
        guesses.append("core_parameters.bit_band = 1: nothing else lies where the aliases would be")
    if processor is not None and processor.mpu is False and core not in WITHOUT_MPU_REGIONS:
        parameters["mpu_regions"] = 0
    return CoreFacts(core, fpu, bits, parameters, tuple(guesses))


def _core(processor: Processor | None, image: Image | None, guesses: list[str]) -> str:
    if processor is not None and processor.name:
        known = SVD_CORES.get(processor.name.upper().replace("CORTEX-M", "CM"))
        if known is not None:
            return known
        raise UsageError(
            f"the chip's core is {processor.name!r}, which is not emulated",
            next_step=f"if its firmware runs on another core, say --core: {', '.join(CORES)}",
        )
    core = image.core if image is not None else None
    if core in CORES:
        guesses.append(f"core = {core}: by the image's build attributes")
        return str(core)
    built = f"; the image was built for {core}, which is not emulated" if core else ""
    raise UsageError(
        f"nothing says which core the chip has{built}", next_step=f"say --core: {', '.join(CORES)}"
    )


def _fpu(core: str, processor: Processor | None, image: Image | None, guesses: list[str]) -> str:
    if core not in WITH_FPU:
        return "none"
    can_double = "double" in CORES[core].fpus
    if processor is not None and processor.fpu is not None:
        if not processor.fpu:
            return "none"
        return "double" if can_double and processor.double_precision else "single"
    built = image.build.fpu if image is not None and image.build is not None else None
    fpu = built if built in CORES[core].fpus else "single"
    guesses.append(f"fpu = {fpu}: " + ("by the image's build attributes" if fpu == built else "most have it"))
    return str(fpu)
