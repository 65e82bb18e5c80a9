"""The right files that cases begin with: one of each kind that a command reads."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from random import Random
from typing import Any

from intelhex import IntelHex

from emulator.board.reader import board_document
from emulator.image import load_image
from emulator.learning.toml_text import toml_text
from emulator.recording.store import write_recording
from tests.benches import streaming_firmware
from tests.cli import talking_firmware
from tests.image.image_bytes import make_uf2
from tests.reporting.made import small

from .elf_mutations import mutate_elf
from .mutations import (
    mutate_bytes,
    mutate_document,
    mutate_flatbuffer,
    mutate_hex,
    mutate_json,
    mutate_text,
    mutate_uf2,
)

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
BASE = 0x08000000
BOARDS = ("nucleo-l4r5zi", "virtual-m4", "nucleo-h7a3zi-q", "virtual-m33", "cy8cproto-062-4343w")
TRUTH = b'[{"wav_file": "sound.wav", "detection_windows": [[0.05, 0.2], [3, 4]], "length_sec": 0.2}]'
Mutation = Callable[[bytes, Random], bytes]


@dataclass(frozen=True)
class Seed:
    """A file: its name's ending, its content, and how it is damaged."""

    suffix: str
    data: bytes
    mutate: Mutation


def _toml(data: bytes, random: Random) -> bytes:
    if random.random() < 0.35:
        return mutate_text(data, random)
    document = mutate_document(tomllib.loads(data.decode()), random)
    return toml_text(document).encode("utf-8", "surrogateescape")


def _read(path: str) -> bytes:
    return (ROOT / path).read_bytes()


@cache
def talking_elf() -> bytes:
    """The command line tests' firmware: it talks, crashes, traces and ends itself on command."""
    with tempfile.TemporaryDirectory(prefix="boardless-fuzz-") as folder:
        return talking_firmware.build(Path(folder)).read_bytes()


@cache
def streaming_elf() -> bytes:
    """The streaming benchmark's test firmware: it listens."""
    with tempfile.TemporaryDirectory(prefix="boardless-fuzz-") as folder:
        return streaming_firmware.build(Path(folder)).read_bytes()


@cache
def sound() -> bytes:
    """Six frames, of which one is loud."""
    with tempfile.TemporaryDirectory(prefix="boardless-fuzz-") as folder:
        return streaming_firmware.write_wave(Path(folder) / "sound.wav", 6, {3}).read_bytes()


@cache
def recording_file() -> bytes:
    """A recording that has some of everything."""
    with tempfile.TemporaryDirectory(prefix="boardless-fuzz-") as folder:
        path = Path(folder) / "run.blr"
        write_recording(small(), path)
        return path.read_bytes()


def _converted(elf: bytes) -> tuple[bytes, bytes]:
    """(HEX, BIN) of an ELF."""
    with tempfile.TemporaryDirectory(prefix="boardless-fuzz-") as folder:
        path = Path(folder) / "talk.elf"
        path.write_bytes(elf)
        image = IntelHex()
        for segment in load_image(path).segments:
            image.frombytes(segment.data, offset=segment.address)
        image.write_hex_file(str(path.with_suffix(".hex")))
        return path.with_suffix(".hex").read_bytes(), bytes(image.tobinarray())


def whole_board(name: str) -> dict[str, Any]:
    """A shipped board as one document with all of its family's tables."""
    document = board_document(name)
    merged: dict[str, Any] = {}
    while family := document.pop("family", None):
        merged = _over(tomllib.loads(_package_text(f"families/{family}.toml")), merged)
        document["family"] = merged.pop("family", None)
    document.pop("family", None)
    removed = document.pop("remove", [])
    whole = _over(merged, document)
    for entry in removed:
        table, _, key = entry.partition(".")
        whole.get(table, {}).pop(key, None)
    whole.pop("name", None)
    return whole


def _package_text(file: str) -> str:
    return resources.files("peripherals").joinpath(file).read_text(encoding="utf-8")


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


COUNTS = b"""calibration begin 1 core=cortex-m4 counter=cyccnt image=0123abcd
count empty memory=flash mode=0 turns=1 repeats=2 cycles=14 spread=0
count load memory=flash mode=0 times=4 count=16 stride=32 repeats=2 cycles=161 spread=1
count alternate memory=sram other=flash mode=0 count=32 stride=0 repeats=2 cycles=668 spread=0
calibration end rows=3 sum=843
"""
PORTS = {"note": "simulated", "ports": [
    {"name": "device", "device": "/dev/null", "vid": 0x483, "pid": 0x374B, "serial_number": "1",
    "description": "d"},
    {"name": "far", "device": "socket://127.0.0.1:1", "vid": None, "pid": None},
]}  # fmt: skip


SPECIFICATION = b"""
baseline = "boardless.baseline"
[measure.talk]
image = "image.elf"
board = "nucleo-l4r5zi"
until = "m-ready"
max_cycles = 100000
limits.cycles = { soft = "2 %", hard = 90000 }
[measure.called]
image = "image.elf"
board = "nucleo-l4r5zi"
call = "get"
arguments = [1, 2.5, "text", { zeros = 8 }, { file = "image.elf" }, { symbol = "table" }, { int64 = 5 }]
"""
SWEEP = b"""
title = "two memories"
image = "image.elf"
board = "nucleo-l4r5zi"
max_cycles = [1000, 2000]
clock = ["80MHz", "40 MHz"]
[variants.memory.slow.parameters]
regions.sram1.wait_states = 1
[variants.memory.fast]
timing = "core"
"""
BASELINE = b"talk.made_by = models 1\ntalk.cycles = 4000\ntalk.function:main = 12\n"


@cache
def seeds() -> dict[str, tuple[Seed, ...]]:
    """Kind of file -> right ones."""
    elf = talking_elf()
    ihex, binary = _converted(elf)
    kws = _read("benches/images/kws-nucleo-l4r5zi.elf")
    kernels = _read("benches/assembly/micro_kernels.elf")
    boards = [_package_text(f"boards/{name}.toml").encode() for name in BOARDS]
    wholes = [toml_text(whole_board(name)).encode() for name in BOARDS]
    catalog = _read("benches/silicon/development.csv").splitlines()
    ours = b"v1.2,us,ours,kws,image.elf,nucleo-l4r5zi,68.0,M4,120\n"
    header = b"version,submitter,system,benchmark,path,board,published_latency_ms,core,mhz\n"
    images_toml = toml_rows("image", header, ours)
    assembly = _read("benches/assembly/micro_kernels.csv").splitlines()
    assembly_csv = b"\n".join([assembly[0], *assembly[1:4]]) + b"\n"
    models = [_read(f"firmware/models/{name}.tflite") for name in ("kws", "ad")]
    inputs = sorted((ROOT / "benches/inputs/kws01").glob("*.bin"))[:2]
    return {
        "image": (
            Seed(".elf", elf, mutate_elf),
            Seed(".elf", elf, mutate_elf),
            Seed(".hex", ihex, mutate_hex),
            Seed(".bin", binary, mutate_bytes),
            Seed(".uf2", make_uf2(binary, BASE), mutate_uf2),
        ),
        "benchmark image": (Seed(".elf", kws, mutate_elf),),
        "kernels": (Seed(".elf", kernels, mutate_elf),),
        "board": tuple(Seed(".toml", data, _toml) for data in (*boards, *wholes)),
        "svd": (Seed(".svd", _read("tests/chip/kestrel.svd"), mutate_text),),
        "catalogue": (
            Seed(".csv", b"\n".join(catalog[:4]) + b"\n", mutate_text),
            Seed(".csv", header + ours, mutate_text),
            Seed(".toml", images_toml, _toml),
        ),
        "assembly catalogue": (
            Seed(".csv", assembly_csv, mutate_text),
            Seed(".toml", toml_rows("function", *assembly_csv.split(b"\n", 1)), _toml),
        ),
        "model": tuple(Seed(".tflite", data, mutate_flatbuffer) for data in models),
        "input": tuple(Seed(".bin", path.read_bytes(), mutate_bytes) for path in inputs),
        "sound": (Seed(".wav", sound(), mutate_bytes),),
        "truth": (Seed(".json", TRUTH, mutate_json),),
        "labels": (Seed(".csv", f"{inputs[0].name},12,3\n{inputs[1].name},12,4\n".encode(), mutate_text),),
        "bands": (Seed(".json", _read("benches/silicon/error_bands.json"), mutate_json),),
        "recording": (Seed(".blr", recording_file(), mutate_bytes),),
        "specification": (Seed(".toml", SPECIFICATION, _toml),),
        "sweep": (Seed(".toml", SWEEP, _toml),),
        "baseline": (Seed(".baseline", BASELINE, mutate_text),),
        "ports": (Seed(".json", json.dumps(PORTS).encode(), mutate_json),),
        "counts": (Seed(".txt", COUNTS, mutate_text),),
    }


def toml_rows(table: str, header: bytes, rows: bytes) -> bytes:
    """A CSV's rows as TOML tables; numbers stay texts where they are none."""
    names = header.decode().strip().split(",")
    parts = []
    for row in rows.decode().strip().splitlines():
        cells = zip(names, row.split(","), strict=False)
        parts.append(
            f"[[{table}]]\n" + "\n".join(f"{name} = {json.dumps(cell)}" for name, cell in cells if cell)
        )
    return "\n".join(parts).encode() + b"\n"
