"""Builds the ELFs of silicon.csv from checkouts of the published sources.

    git clone https://github.com/jnk0le/cortexm-AES SOURCES/cortexm-AES    # b18b7a4
    git clone https://github.com/pornin/curve9767 SOURCES/curve9767        # 58f4652
    git clone https://github.com/pornin/gls254-cm4 SOURCES/gls254-cm4      # 7bc7897
    git clone https://github.com/Ko-/aes-armcortexm SOURCES/aes-armcortexm # bed6379
    python -m benches.assembly.build SOURCES OUT
    boardless validate --assembly --catalog benches/assembly/silicon.csv --images OUT

Nothing of those sources is part of this project; only the published figures are. Needs the
GNU tools for arm-none-eabi. Tables go to SRAM, or to the code (aes-armcortexm), as the authors placed them.
Rows whose harness is ``returned`` get what their author measured with: harness.s, or the author's functions.
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click

from benches.assembly.reader import silicon_catalog
from emulator.cli.command import ProgramCommand
from emulator.cli.parameter_types import InputFolder, OutputPlace
from emulator.errors import UsageError
from emulator.files import OutputFile, make_folder

CC, LD = "arm-none-eabi-gcc", "arm-none-eabi-ld"
TEXT_BASE = 0x100
RAM = 0x20000000
AN505_RAM = 0x38000000
AES_TABLES = "cortexm-AES/aes/lookup_tables.c"
HARNESS = "harness.s"
FLOATING = {
    "cortex-m4": ("-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
    "cortex-m55": ("-mfloat-abi=hard", "-mfpu=auto"),  # its vectors, too
}
TIMED = "timed_"
"""What a function's name begins with that harness.s times; behind it the name of the timed one."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One ELF: globs of its sources, the core to assemble for, where data goes, is harness.s part of it."""

    elf: str
    sources: tuple[str, ...]
    cpu: str
    data_base: int = RAM
    has_harness: bool = False


RECIPES = (
    Recipe("aes_cm0.elf", ("cortexm-AES/aes/target/CM0_*/*.S", AES_TABLES), "cortex-m0"),
    Recipe("aes_cm3.elf", ("cortexm-AES/aes/target/CM3_*/*.S", AES_TABLES), "cortex-m3", has_harness=True),
    Recipe("aes_cm4.elf", ("cortexm-AES/aes/target/CM4_*/*.S", AES_TABLES), "cortex-m4", has_harness=True),
    Recipe("aes_cm7.elf", ("cortexm-AES/aes/target/CM7_*/*.S", AES_TABLES), "cortex-m7"),
    Recipe("aes_cm33.elf", ("cortexm-AES/aes/target/CM33_*/*.S", AES_TABLES), "cortex-m33", AN505_RAM, True),
    Recipe("aes_cm85.elf", ("cortexm-AES/aes/target/CM85_*/*.S", AES_TABLES), "cortex-m55"),
    Recipe("curve9767_cm0.elf", ("curve9767/src/ops_cm0.s",), "cortex-m0"),
    Recipe("curve9767_cm4.elf", ("curve9767/src/ops_cm4.s",), "cortex-m4"),
    Recipe("gls254_cm4.elf", ("gls254-cm4/gls254-cm4.s",), "cortex-m4", has_harness=True),
    *(
        Recipe(f"{name}_cm{core}.elf", (f"aes-armcortexm/{source}",), f"cortex-m{core}")
        for core in (3, 4)
        for name, source in (
            ("aes128", "aes128/aes.s"),
            ("aes128ctr", "aes128ctr/aes_128_ctr.s"),
            ("aes192ctr", "aes192ctr/aes_192_ctr.s"),
            ("aes256ctr", "aes256ctr/aes_256_ctr.s"),
            ("aes128ctrbs", "aes128ctrbs/aes_128_ctr_bs.s"),
        )
    ),
)


def build(recipe: Recipe, sources: Path, out: Path) -> Path:
    """Assemble and link one ELF. Raises :class:`UsageError` that names what is missing."""
    files = sorted({file for pattern in recipe.sources for file in sources.glob(pattern)})
    if not files:
        raise UsageError(f"no sources for {recipe.elf}", where=str(sources / recipe.sources[0]))
    floating = FLOATING.get(recipe.cpu, ())
    with tempfile.TemporaryDirectory(prefix="boardless-") as folder:
        parts = {file: f"-I{sources / file.relative_to(sources).parts[0]}" for file in files}
        if recipe.has_harness:
            parts[_harness(recipe.elf, Path(folder))] = f"-I{Path(__file__).parent}"
        objects = [Path(folder) / f"{number}.o" for number in range(len(parts))]
        for (file, include), target in zip(parts.items(), objects, strict=True):
            options = [f"-mcpu={recipe.cpu}", "-mthumb", *floating, include, "-O2"]
            _run([CC, *options, "-c", str(file), "-o", str(target)])
        linked = Path(folder) / "linked.elf"
        addresses = [f"-Ttext={TEXT_BASE:#x}", f"-Tdata={recipe.data_base:#x}", f"--entry={TEXT_BASE:#x}"]
        _run([LD, "-n", *addresses, "--unresolved-symbols=ignore-all", *map(str, objects), "-o", str(linked)])
        OutputFile(out / recipe.elf, "the ELF").write_bytes(linked.read_bytes())
    return out / recipe.elf


def _harness(elf: str, folder: Path) -> Path:
    """Write a source that times each function of ``elf`` that silicon.csv calls as timed_NAME."""
    rows = (row for row in silicon_catalog().rows if row.elf == elf and row.function.startswith(TIMED))
    names = dict.fromkeys(row.function.removeprefix(TIMED) for row in rows)
    file = folder / "timed.S"
    lines = [f'.include "{HARNESS}"', *(f"    timed {name}" for name in names), ""]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise UsageError(f"{command[0]} is missing", next_step="Install gcc-arm-none-eabi.") from error
    except subprocess.CalledProcessError as error:
        raise UsageError(f"{command[0]} failed: {error.stderr.strip()}", where=command[-1]) from error


@click.command(cls=ProgramCommand)
@click.argument("sources", type=InputFolder())
@click.argument("out", type=OutputPlace())
def main(*, sources: Path, out: Path) -> None:
    """Build the ELFs of silicon.csv into the folder OUT, from checkouts of their SOURCES."""
    make_folder(out)
    for recipe in RECIPES:
        try:
            click.echo(build(recipe, sources, out))
        except UsageError as error:
            click.echo(f"{recipe.elf}: {error}")


if __name__ == "__main__":
    main(prog_name="python -m benches.assembly.build")
