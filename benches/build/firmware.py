"""Build a benchmark firmware: generate the network, compile, link, check that it fits."""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile

from benches.build.front_end import front_end_source
from benches.build.generator import KERNEL_SETS, Network, check_arena, generate
from benches.build.support import BoardSupport, firmware_folder
from benches.build.toolchain import CORES, VECTOR_CORES, Toolchain, find_toolchain
from emulator.errors import ImageError, UsageError
from emulator.files import OutputFile, make_folder

# benchmark -> elements of its input, and the types that the firmware can fill
BENCHMARKS: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "kws": (49 * 10, ("int8",)),
    "vww": (96 * 96 * 3, ("int8",)),
    "ic": (32 * 32 * 3, ("int8",)),
    "ic02": (32 * 32 * 3, ("int8",)),
    "ad": (640, ("int8", "float32")),
    "sww": (30 * 40, ("int8",)),
}
WITHOUT_MODEL = ("ic02",)
"""Those of which the package has no model."""
STREAMING = "sww"
SHIPPED = tuple(name for name in BENCHMARKS if name not in (*WITHOUT_MODEL, STREAMING))
"""Those whose host sends inputs, and of which the package has a model."""
STREAMING_OUTPUTS = 3
STREAMING_FOLDER = "streaming"
STREAMING_FILES = ("commands.c", "detector.c", "front_end.c", "stream.c")
NOT_STREAMING = ("protocol/commands.c", "protocol/buffer.c")
NO_AUDIO = ("streaming/no_audio.c",)
STREAMING_COMMAND_BYTES = 1100  # "db ", 512 bytes in hexadecimal, and some
SENT_BYTES = {"ad": 4}  # per element: ad's host sends float32, the others' one byte
MODES = {"performance": 115200, "energy": 9600}
FOLDERS = ("startup", "runtime", "protocol", "kernels/reference")
OPTIMIZED, VECTOR = "kernels/optimized", "kernels/vector"
"""One of the two, by the core."""
OVERFLOW = re.compile(r"region [`'](FLASH|RAM)':? overflowed by (\d+) bytes")
OPTIMIZATIONS = ("0", "1", "2", "3", "s", "fast", "z")


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """What may differ between two builds of one benchmark."""

    core: str = ""  # "" is the board's own
    toolchain: str = "gcc"
    kernels: str = "optimized"
    optimization: str = "2"
    mode: str = "performance"
    baud: int | None = None  # None is the mode's own
    flags: tuple[str, ...] = ()  # more words for the compiler

    @property
    def console_baud(self) -> int:
        """The console's speed."""
        return MODES[self.mode] if self.baud is None else self.baud

    def check(self) -> None:
        """Raise :class:`UsageError` for a value that is none."""
        known = {
            "core": (self.core, ("", *CORES)),
            "kernels": (self.kernels, KERNEL_SETS),
            "opt": (self.optimization, OPTIMIZATIONS),
            "mode": (self.mode, tuple(MODES)),
        }
        for option, (value, values) in known.items():
            if value not in values:
                raise UsageError(f"unknown {option} {value!r}", next_step=f"known: {', '.join(values)}")


@dataclass(frozen=True, slots=True)
class BuiltFirmware:
    """A finished build: the file and what it takes."""

    path: Path
    benchmark: str
    support: str
    core: str
    network: Network
    flash_bytes: int
    ram_bytes: int  # without the stack
    arena_bytes: int


def build_firmware(
    benchmark: str, model: Path, support: BoardSupport, out: Path, options: BuildOptions | None = None
) -> BuiltFirmware:
    """Build the firmware of a benchmark around a model.

    The bytes depend on the sources, the model, the options and the compiler only. Raises
    :class:`UsageError` for bad options or an absent compiler, :class:`ImageError` for a
    model that can't run, a firmware that does not fit, or a compiler's complaint.
    """
    options = options or BuildOptions()
    options.check()
    if benchmark not in BENCHMARKS:
        raise UsageError(f"unknown benchmark {benchmark!r}", next_step=f"known: {', '.join(BENCHMARKS)}")
    support.check_baud(options.console_baud)
    core = options.core or support.core
    toolchain = find_toolchain(options.toolchain, core)
    network = generate(model, options.kernels)
    _check_input(benchmark, network)
    source = network.source + _front_end(benchmark, network)
    room_bytes = support.ram.size_bytes - support.stack_bytes - _sent_bytes(benchmark)
    check_arena(network, room_bytes, f"the RAM of {support.name}")
    if network.constant_bytes > support.flash.size_bytes:
        raise ImageError(
            f"weights and constants take {network.constant_bytes} bytes,"
            f" but the flash of {support.name} has {support.flash.size_bytes}",
            where=network.model.file,
        )
    with tempfile.TemporaryDirectory(prefix="boardless-build-") as name:
        folder = Path(name).resolve()
        (folder / "memory.ld").write_text(memory_script(support), encoding="utf-8")
        flags = _flags(benchmark, support, options, folder)
        try:
            vector = core in VECTOR_CORES and options.kernels == "optimized"
            sources = sources_of(benchmark, support, vector=vector)
            linked = compile_and_link(sources, source, toolchain, flags, folder)
        except ImageError as error:
            raise _told(error, network, support) from error
        elf = linked.read_bytes()
    make_folder(out.parent)
    OutputFile(out, "the firmware").write_bytes(elf)
    flash_bytes, ram_bytes = sizes(elf)
    return BuiltFirmware(
        out, benchmark, support.name, core, network, flash_bytes, ram_bytes, network.arena_bytes
    )


def shipped_model(benchmark: str) -> Path:
    """Path of the model that this project trained for a benchmark; raises :class:`UsageError`."""
    if benchmark not in BENCHMARKS:
        raise UsageError(f"unknown benchmark {benchmark!r}", next_step=f"known: {', '.join(BENCHMARKS)}")
    if benchmark in WITHOUT_MODEL:
        raise UsageError(
            f"no model of {benchmark} is shipped",
            next_step=f"give yours with --model: `boardless bench {benchmark} --model FILE.tflite` builds and"
            f" runs it, `boardless build {benchmark} --model FILE.tflite` makes an ELF",
        )
    return firmware_folder() / "models" / f"{benchmark}.tflite"


def _sent_bytes(benchmark: str) -> int:
    """Bytes of one input as the host sends it."""
    return BENCHMARKS[benchmark][0] * SENT_BYTES.get(benchmark, 1)


def _told(error: ImageError, network: Network, support: BoardSupport) -> ImageError:
    """The same error, in our words when the linker says that a memory is too small."""
    overflow = OVERFLOW.search(error.what)
    if overflow is None:
        return error
    memory = support.flash if overflow[1] == "FLASH" else support.ram
    what = {
        "FLASH": f"weights and constants take {network.constant_bytes}",
        "RAM": f"the tensor arena takes {network.arena_bytes}, the stack {support.stack_bytes}",
    }
    return ImageError(
        f"the firmware needs {memory.size_bytes + int(overflow[2])} bytes of {overflow[1]},"
        f" but {support.name} has {memory.size_bytes}; {what[overflow[1]]}",
        where=network.model.file,
        next_step="choose a board with more memory or a smaller network",
    )


def _check_input(benchmark: str, network: Network) -> None:
    elements, types = BENCHMARKS[benchmark]
    tensor = network.model.inputs[0]
    if tensor.elements != elements or tensor.type not in types:
        raise ImageError(
            f"the input is {tensor}, {tensor.size_bytes} bytes;"
            f" the benchmark {benchmark} sends {elements} elements for {' or '.join(types)}",
            where=network.model.file,
            next_step="name the benchmark that the model was made for",
        )
    if benchmark == "ad" and network.model.outputs[0].elements != elements:
        raise ImageError(f"the output {network.model.outputs[0]} must be as large as the input, {elements}",
                         where=network.model.file)  # fmt: skip


def _front_end(benchmark: str, network: Network) -> str:
    """The tables that make the network's input of sound."""
    if benchmark != STREAMING:
        return ""
    tensor, output = network.model.inputs[0], network.model.outputs[0]
    if output.elements != STREAMING_OUTPUTS or output.type != "int8":
        raise ImageError(f"the output {output} must be {STREAMING_OUTPUTS} int8: wake word, silence, other",
                         where=network.model.file)  # fmt: skip
    return front_end_source(float(tensor.scale), tensor.zero_point)


def sources_of(benchmark: str, support: BoardSupport, *, vector: bool = False) -> list[str]:
    """C files of a build, relative to the firmware folder, sorted.

    ``vector``: the kernels for Helium; one of them that is called as a reference kernel's file stands for it.
    """
    root = firmware_folder()
    folders = (*FOLDERS, VECTOR if vector else OPTIMIZED)
    shared = [str(p.relative_to(root)) for f in folders for p in (root / f).glob("*.c")]
    if vector:
        replaced = {f"kernels/reference/{p.name}" for p in (root / VECTOR).glob("*.c")}
        shared = [name for name in shared if name not in replaced]
    own = ["main.c", f"benchmarks/{benchmark}.c", *support.sources]
    if benchmark == STREAMING:
        shared = [name for name in shared if name not in NOT_STREAMING]
        own += [f"{STREAMING_FOLDER}/{name}" for name in STREAMING_FILES]
        own += support.audio_sources or NO_AUDIO
    elif benchmark != "ad":
        own.append("benchmarks/probabilities.c")
    return sorted({*shared, *own})


def _flags(benchmark: str, support: BoardSupport, options: BuildOptions, folder: Path) -> list[str]:
    more = {"COMMAND_SIZE": STREAMING_COMMAND_BYTES} if benchmark == STREAMING else {}
    return compiler_flags(support, options, folder, INPUT_BYTES=_sent_bytes(benchmark), **more)


def compiler_flags(
    support: BoardSupport, options: BuildOptions, folder: Path, **more_defines: int
) -> list[str]:
    """What every file of a build is compiled with; ``folder`` is where it happens."""
    root = firmware_folder()
    defines = dict(support.defines) | {
        "CONSOLE_BAUD": options.console_baud,
        "ENERGY_MODE": int(options.mode == "energy"),
        **more_defines,
    }
    return [
        f"-O{options.optimization}",
        *options.flags,
        f"-I{root}",
        f"-ffile-prefix-map={root}=firmware",
        f"-ffile-prefix-map={folder}=generated",
        *(f"-D{name}={value}u" for name, value in sorted(defines.items())),
    ]


def compile_and_link(
    sources: Sequence[str], generated: str, toolchain: Toolchain, flags: Sequence[str], folder: Path
) -> Path:
    """Compile everything inside ``folder``, which is the working directory; return the linked file.

    ``generated``: text of one more C file.
    """
    root = firmware_folder()
    made = folder / "network.c"
    made.write_text(generated, encoding="utf-8")
    paths = [made, *(root / name for name in sources)]
    objects = [folder / f"{number:02d}-{path.stem}.o" for number, path in enumerate(paths)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in [
            pool.submit(toolchain.compile, *pair, flags) for pair in zip(paths, objects, strict=True)
        ]:
            done.result()
    linked = folder / "firmware.elf"
    toolchain.link(objects, root / "linker" / "firmware.ld", linked)
    return linked


def memory_script(support: BoardSupport) -> str:
    """What the linker script includes: the board's two memories, and the stack's size."""
    return (
        "MEMORY\n{\n"
        f"    FLASH (rx) : ORIGIN = {support.flash.origin:#x}, LENGTH = {support.flash.size_bytes:#x}\n"
        f"    RAM (rwx) : ORIGIN = {support.ram.origin:#x}, LENGTH = {support.ram.size_bytes:#x}\n"
        "}\n"
        f"stack_bytes = {support.stack_bytes:#x};\n"
    )


def sizes(elf: bytes) -> tuple[int, int]:
    """Bytes in flash (code, constants, initial data) and in RAM (without the stack)."""
    flash_bytes = ram_bytes = 0
    for section in ELFFile(io.BytesIO(elf)).iter_sections():
        allocated, written = section["sh_flags"] & 2, section["sh_flags"] & 1
        if not allocated or section.name == ".stack":
            continue
        if section["sh_type"] == "SHT_PROGBITS":
            flash_bytes += section["sh_size"]
        if written:
            ram_bytes += section["sh_size"]
    return flash_bytes, ram_bytes
