"""Ways to damage a file: any bytes, text, structured documents, and the formats that have checksums."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from random import Random
from typing import Any

NUMBERS = (
    0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 33, 63, 64, 100, 127, 128, 255, 256, 1000, 0x7FFF, 0x8000, 0xFFFF,
    0x10000, 0xFFFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, 1 << 32, (1 << 63) - 1, 1 << 63,
    (1 << 64) - 1, 1 << 64, 1 << 200, -1, -2, -128, -(1 << 31), -(1 << 63),
    0x08000000, 0x20000000, 0x40000000, 0x42000000, 0xE0000000, 0xE000E000,
)  # fmt: skip
ODD_TEXTS = (
    "", " ", "\t", "0", "-0", "00", "0x", "0x10", "1e3", "1e999", "nan", "inf", "-inf", "true", "None",
    "null",
    "*", "%s%n", "../../etc/passwd", "/dev/null", "a" * 300, "ü", "\u202e", "\U0001f600", "\x00", "\r\n",
    "'", '"', "'''", "[", "]", "{}", "#", "=", ";", "--", "-h", "\ufeff", "\uff11\uff12", "cortex-m4",
    "flash",
)  # fmt: skip
CHUNK_BYTES = 64
UF2_BLOCK_BYTES = 512


def mutate_bytes(data: bytes, random: Random) -> bytes:
    """Damage one to four places without regard to what they mean."""
    out = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 4))):
        random.choice(BYTE_WAYS)(out, random)
    return bytes(out)


def _flip(out: bytearray, random: Random) -> None:
    if out:
        out[random.randrange(len(out))] ^= 1 << random.randrange(8)


def _replace(out: bytearray, random: Random) -> None:
    if out:
        at = random.randrange(len(out))
        new = random.choice((b"\0", b"\xff", b"\x7f", b"\x80", b"\n", b" ", random.randbytes(4)))
        out[at : at + len(new)] = new


def _number(out: bytearray, random: Random) -> None:
    size = random.choice((1, 2, 4, 8))
    if len(out) >= size:
        at = random.randrange(len(out) - size + 1)
        value = random.choice(NUMBERS) & (1 << 8 * size) - 1
        out[at : at + size] = value.to_bytes(size, random.choice(("little", "big")))


def _truncate(out: bytearray, random: Random) -> None:
    del out[random.randrange(len(out) + 1) :]


def _remove(out: bytearray, random: Random) -> None:
    at = random.randrange(len(out) + 1)
    del out[at : at + random.randint(1, CHUNK_BYTES)]


def _repeat(out: bytearray, random: Random) -> None:
    at = random.randrange(len(out) + 1)
    out[at:at] = out[at : at + random.randint(1, CHUNK_BYTES)] * random.choice((1, 2, 100))


def _append(out: bytearray, random: Random) -> None:
    out += random.randbytes(random.choice((1, 4, 1000)))


BYTE_WAYS: tuple[Callable[[bytearray, Random], None], ...] = (
    _flip, _flip, _replace, _number, _number, _truncate, _remove, _repeat, _append,
)  # fmt: skip


# -- text ------------------------------------------------------------------------------------
def mutate_text(data: bytes, random: Random) -> bytes:
    """Damage lines and words of a text, or its bytes."""
    if random.random() < 0.15:
        return mutate_bytes(data, random)
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    for _ in range(random.choice((1, 1, 2, 3))):
        lines = _line_way(lines, random) or [""]
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def _line_way(lines: list[str], random: Random) -> list[str]:
    at = random.randrange(len(lines))
    way = random.randrange(6)
    if way == 0:
        return lines[:at] + lines[at + 1 :]
    if way == 1:
        return [*lines[:at], lines[at], *lines[at:]]
    if way == 2:
        other = random.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
        return lines
    if way == 3:
        return [*lines[:at], random.choice(ODD_TEXTS), *lines[at:]]
    lines[at] = _word_way(lines[at], random)
    return lines


def _word_way(line: str, random: Random) -> str:
    for separator in (",", "=", " ", "."):
        parts = line.split(separator)
        if len(parts) > 1 and random.random() < 0.6:
            parts[random.randrange(len(parts))] = odd_word(random)
            return separator.join(parts)
    return odd_word(random)


def odd_word(random: Random) -> str:
    """A word that is seldom what is expected."""
    return str(random.choice(NUMBERS)) if random.random() < 0.5 else random.choice(ODD_TEXTS)


# -- documents ---------------------------------------------------------------------------------
def mutate_document(document: Any, random: Random) -> Any:
    """Damage one to three values of a document of tables, lists and plain values; changes it in place."""
    for _ in range(random.choice((1, 1, 2, 3))):
        places = list(_places(document))
        if places:
            _change_place(*random.choice(places), random)
    return document


def _places(node: Any) -> list[tuple[Any, Any]]:
    found = []
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        found.append((node, key))
        found.extend(_places(value))
    return found


def _change_place(parent: Any, key: Any, random: Random) -> None:
    way = random.randrange(6)
    if way == 0:
        del parent[key]
    elif way == 1 and isinstance(parent, dict):
        parent[odd_word(random) or "x"] = parent[key]
    elif way == 2 and isinstance(parent[key], (dict, list)) and parent[key]:
        values = list(parent[key].values()) if isinstance(parent[key], dict) else parent[key]
        parent[key] = random.choice(values)
    else:
        parent[key] = odd_value(parent[key], random)


def odd_value(old: Any, random: Random) -> Any:
    """Another value: mostly of the same type, at the end of its range."""
    if isinstance(old, bool) or random.random() < 0.2:
        return random.choice((True, False, 0, -1, 1.5, "x", "", [], {}, [1, "a"], {"a": 1}, 1 << 70))
    if isinstance(old, int):
        return random.choice((*NUMBERS, old + 1, old - 1, old * 2, old // 2, -old))
    if isinstance(old, float):
        return random.choice((0.0, -1.0, 1e308, 1e-308, float("inf"), float("nan"), old * 1000))
    if isinstance(old, str):
        return random.choice((*ODD_TEXTS, old.upper(), old[:-1], old + "x", old * 50))
    return random.choice(([], {}, [old], {"x": old}, "x", 0))


def mutate_json(data: bytes, random: Random) -> bytes:
    """Damage a JSON document's values, or its text."""
    if random.random() < 0.4:
        return mutate_text(data, random)
    return json.dumps(mutate_document(json.loads(data), random), indent=1).encode()


# -- Intel HEX -----------------------------------------------------------------------------------
def mutate_hex(data: bytes, random: Random) -> bytes:
    """Damage records; half of the time their checksums are right again, so that the damage is looked at."""
    if random.random() < 0.3:
        return mutate_text(data, random)
    records = [bytearray.fromhex(line[1:]) for line in data.decode().split() if len(line) > 10]
    for _ in range(random.choice((1, 1, 3))):
        at = random.randrange(len(records))
        record = records[at]
        way = random.randrange(4)
        if way == 0:
            record[3] = random.choice((0, 1, 2, 3, 4, 5, 6, 0xFF))
        elif way == 1:
            record[1:3] = random.choice(NUMBERS).to_bytes(40, "little", signed=True)[:2]
        elif way == 2:
            records.insert(at, bytearray(records[random.randrange(len(records))]))
        else:
            record[random.randrange(len(record) - 1)] = random.randrange(256)
    if random.random() < 0.7:
        for record in records:
            record[0] = len(record) - 5 & 0xFF
            record[-1] = -sum(record[:-1]) & 0xFF
    return "".join(f":{record.hex().upper()}\n" for record in records).encode()


# -- UF2 ---------------------------------------------------------------------------------------
def mutate_uf2(data: bytes, random: Random) -> bytes:
    """Damage fields of headers, or leave blocks away, double them and move them."""
    if random.random() < 0.2:
        return mutate_bytes(data, random)
    blocks = [bytearray(data[at : at + UF2_BLOCK_BYTES]) for at in range(0, len(data), UF2_BLOCK_BYTES)]
    for _ in range(random.choice((1, 1, 3))):
        at = random.randrange(len(blocks))
        way = random.randrange(4)
        if way == 0 and len(blocks) > 1:
            del blocks[at]
        elif way == 1:
            blocks.insert(random.randrange(len(blocks) + 1), bytearray(blocks[at]))
        else:
            field = random.choice((8, 12, 12, 16, 20, 24, 28))
            old = int.from_bytes(blocks[at][field : field + 4], "little")
            new = random.choice((*NUMBERS, old + 1, old - 1, old ^ 1 << random.randrange(32)))
            blocks[at][field : field + 4] = (new & 0xFFFFFFFF).to_bytes(4, "little")
    return b"".join(blocks)


# -- flatbuffers -----------------------------------------------------------------------------------
def mutate_flatbuffer(data: bytes, random: Random) -> bytes:
    """Damage offsets, table fields and lengths near the beginning, where a model's structure is."""
    out = bytearray(data)
    if random.random() < 0.3:
        return mutate_bytes(data, random)
    for _ in range(random.choice((1, 1, 2, 4))):
        (root,) = struct.unpack_from("<I", out)
        near = random.choice((root, len(out) // 2, len(out) - 3000))
        at = min(max(0, near + random.randrange(-600, 600)), len(out) - 8)
        old = int.from_bytes(out[at : at + 4], "little", signed=True)
        new = random.choice((*NUMBERS, old + 1, old - 1, old + 4, old - 4, -old))
        out[at : at + 4] = (new & 0xFFFFFFFF).to_bytes(4, "little")
    return bytes(out)
