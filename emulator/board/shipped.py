"""What is shipped: the families, and the classes of devices that they and the boards name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from emulator.board.device_types import device_class
from emulator.board.reader import list_boards, list_families, shipped_document
from emulator.device import Device


def families() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each shipped family with its table, the families below it laid under."""
    for name in list_families():
        yield name, shipped_document("families", name)


def device_kinds() -> dict[str, type[Device]]:
    """The classes of devices that shipped boards have, by the ``type`` that a board file writes."""
    tables = [table for _name, table in families()]
    tables += [shipped_document("boards", name) for name in list_boards()]
    types = {entry["type"] for table in tables for entry in table.get("devices", {}).values()}
    return {path: device_class(path) for path in sorted(types)}
