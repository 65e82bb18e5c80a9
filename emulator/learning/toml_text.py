"""Writes the subset of TOML that board files use: tables, texts, whole numbers, lists of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

HEX_KEYS = ("base", "size_bytes", "vector_table", "image_bases", "uf2_families")
HEX_TABLES = ("registers", "resets")
BARE_KEY = re.compile(r"^[A-Za-z0-9_-]+$")


def toml_text(table: Mapping[str, Any], prefix: tuple[str, ...] = ()) -> str:
    """One table and all below it; values first, then sub-tables with their headers."""
    in_hex = bool(prefix) and prefix[-1] in HEX_TABLES
    lines = [
        f"{_key(key)} = {_value(value, in_hex=in_hex or key in HEX_KEYS)}"
        for key, value in table.items()
        if not isinstance(value, Mapping)
    ]
    if lines and prefix:
        lines.insert(0, f"[{'.'.join(map(_key, prefix))}]")
    parts = ["\n".join(lines)] if lines else []
    parts += [
        toml_text(value, (*prefix, key))
        for key, value in table.items()
        if isinstance(value, Mapping) and value
    ]
    return "\n".join(parts)


def _key(key: str) -> str:
    return key if BARE_KEY.match(key) else json.dumps(key)


def _value(value: Any, *, in_hex: bool) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"0x{value:X}" if in_hex else f"{value:_}"
    if isinstance(value, list):
        return f"[{', '.join(_value(item, in_hex=in_hex) for item in value)}]"
    return json.dumps(str(value), ensure_ascii=False)
