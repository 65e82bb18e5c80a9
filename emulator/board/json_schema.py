"""The declared tables as a JSON Schema: what editors check and complete board files with.

A family, and a board that names one, may hold any part of a board, so nothing is required of them; what a
device, an accelerator or the core may have follows from its ``type``, ``kind`` or name, or from the
family. Draft 7: what the TOML editors that know JSON Schema read.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from emulator.board.schema import CORES, BoardTable
from emulator.board.shipped import device_kinds, families
from emulator.device import Device
from emulator.schema.table import Table, field_names, fields_of
from emulator.timing.cores.registry import MODELS
from emulator.timing.memory.memory_system import KINDS

DRAFT = "http://json-schema.org/draft-07/schema#"
TITLE = "A board or family file of Boardless"
DEFINITIONS = "#/definitions/{name}"
Schema = dict[str, Any]


def board_schema() -> Schema:
    """The whole schema, for one file: a board's or a family's."""
    devices = device_kinds()
    tables = [*(kind.parameters for kind in KINDS.values()), *(core.parameters for core in MODELS.values())]
    tables += [kind.PARAMETERS for kind in devices.values()]
    _references, definitions = msgspec.json.schema_components(
        [BoardTable, *dict.fromkeys(tables)], ref_template=DEFINITIONS
    )
    for definition in definitions.values():
        definition.pop("required", None)
        definition["description"] = inspect.cleandoc(definition.get("description", "")).replace("``", "`")
    board = definitions.pop("BoardTable")
    board["allOf"] = [_whole_without_family(), *map(_of_core, MODELS), *_of_families(devices)]
    board["properties"]["family"]["enum"] = [name for name, _table in families()]
    board["properties"]["core"]["enum"] = list(CORES)
    accelerator = definitions["AcceleratorTable"]
    accelerator["allOf"] = [_of_kind(kind) for kind in KINDS]
    accelerator["properties"]["kind"]["enum"] = list(KINDS)
    device = definitions["DeviceTable"]
    device["allOf"] = [_of_type(path, kind) for path, kind in devices.items()]
    device["properties"]["type"] = _with_choices(device["properties"]["type"], devices)
    return {"$schema": DRAFT, **board, "title": TITLE, "definitions": definitions}


# -- what follows from what ------------------------------------------------------------------------
def _whole_without_family() -> Schema:
    """A board, which has a title, says everything when it names no family."""
    required = [name for name, field in fields_of(BoardTable).items() if field.required]
    alone = {"required": ["title"], "not": {"required": ["family"]}}
    return {"if": alone, "then": {"required": required}}


def _of_core(core: str) -> Schema:
    return _when("core", core, {"core_parameters": _reference(MODELS[core].parameters)})


def _of_kind(kind: str) -> Schema:
    return _when("kind", kind, _accelerator(kind)["properties"])


def _of_type(path: str, kind: type[Device]) -> Schema:
    return _when("type", path, _device(kind)["properties"])


def _of_families(devices: Mapping[str, type[Device]]) -> list[Schema]:
    """What the tables of a board may hold whose core, devices and accelerators are its family's."""
    found = []
    for name, table in families():
        entries = table.get("devices", {}).items()
        properties: Schema = {
            "devices": {
                "properties": {
                    device: _device(devices[entry["type"]], typed=True) for device, entry in entries
                }
            },
            "accelerators": {
                "properties": {
                    accelerator: _accelerator(entry["kind"], typed=True)
                    for accelerator, entry in table.get("accelerators", {}).items()
                }
            },
        }
        if table.get("core") in MODELS:
            properties["core_parameters"] = _reference(MODELS[table["core"]].parameters)
        found.append(_when("family", name, properties))
    return found


def _device(kind: type[Device], *, typed: bool = False) -> Schema:
    lines = "|".join(line.replace("#", "[0-9]+") for line in kind.LINES)
    properties: Schema = {
        "parameters": _reference(kind.PARAMETERS),
        "interrupts": {"propertyNames": {"pattern": f"^({lines})$"} if lines else {"enum": []}},
    }
    return _unless_given("type", properties) if typed else {"properties": properties}


def _accelerator(kind: str, *, typed: bool = False) -> Schema:
    properties: Schema = {
        "parameters": _reference(KINDS[kind].parameters),
        "sources": {"propertyNames": {"enum": list(field_names(KINDS[kind].parameters))}},
    }
    return _unless_given("kind", properties) if typed else {"properties": properties}


# -- pieces of JSON Schema ---------------------------------------------------------------------------
def _reference(table: type[Table]) -> Schema:
    (reference,), _definitions = _reference_of(table)
    return dict(reference)


@functools.cache
def _reference_of(table: type[Table]) -> tuple[tuple[Schema, ...], Schema]:
    return msgspec.json.schema_components([table], ref_template=DEFINITIONS)


def _when(key: str, value: str, properties: Schema) -> Schema:
    condition = {"properties": {key: {"const": value}}, "required": [key]}
    return {"if": condition, "then": {"properties": properties}}


def _unless_given(key: str, properties: Schema) -> Schema:
    """A board may replace an inherited device by one of another type: then that type decides."""
    return {"if": {"not": {"required": [key]}}, "then": {"properties": properties}}


def _with_choices(text: Schema, choices: Iterable[str]) -> Schema:
    """A text of a form, with the values that an editor may offer."""
    form = {"type": text.pop("type"), "pattern": text.pop("pattern")}
    return {**text, "anyOf": [{"enum": list(choices)}, form]}
