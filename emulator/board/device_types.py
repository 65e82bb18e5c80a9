"""The classes that model devices: found by their import paths, and what they declare.

A class is looked at before anything of its module is called: what is not a kind of
:class:`emulator.device.Device` is refused.
"""

from __future__ import annotations

import importlib
import inspect
import re
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from emulator.board.schema import DEFAULT_DEVICE_BYTES
from emulator.device import Device, DeviceParameters
from emulator.errors import BoardError
from emulator.schema.checks import problems_of, unknown_key
from emulator.schema.table import Problem
from emulator.schema.words import suggest

WINDOW_STEP_BYTES = 0x100
"""What windows of devices are usually a multiple of."""


def device_class(type_path: str) -> type[Device]:
    """Import the class behind ``"package.module:Class"``; nothing of it is called.

    Raises :class:`BoardError` when there is no such module or class, or it is not a device.
    """
    module_name, colon, class_name = type_path.partition(":")
    if not (module_name and colon and class_name):
        raise BoardError(f"{type_path!r} is not of the form package.module:Class")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise BoardError(f"device type {type_path!r} can't be imported: {error}") from error
    found = vars(module).get(class_name)
    known = [name for name, value in vars(module).items() if is_device(value)]
    if found is None:
        raise BoardError(f"module {module_name} has no class {class_name!r}{suggest(class_name, known)}")
    if not is_device(found):
        raise BoardError(
            f"{type_path!r} is not a device: it does not derive from emulator.device.Device"
            f"{suggest(class_name, known)}"
        )
    assert isinstance(found, type)
    return found


def is_device(value: object) -> bool:
    """Whether this is a class of devices that can be built: not a base with parts missing."""
    if not isinstance(value, type) or isinstance(value, types.GenericAlias):
        return False  # on Python 3.10 dict[str, int] is a type, which issubclass does not take
    return issubclass(value, Device) and not inspect.isabstract(value)


def device_problems(kind: type[Device], name: str, entry: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield the problems of a device's parameters, window and interrupt lines, by keys of the board file."""
    key = f"devices.{name}"
    parameters, lines = entry.get("parameters", {}), entry.get("interrupts", {})
    highest = None
    if isinstance(parameters, dict):
        found: Iterable[Problem] = problems_of(kind.PARAMETERS, parameters)
        if not found:
            right = msgspec.convert(parameters, kind.PARAMETERS)
            highest = right.highest_line()
            found = kind.contradictions(parameters)
            yield from _window_problems(kind, right, key, entry.get("size_bytes", DEFAULT_DEVICE_BYTES))
        yield from (problem.below(f"{key}.parameters") for problem in found)
    for line in lines if isinstance(lines, dict) else ():
        if not has_line(kind, line):
            yield unknown_key(line, kind.LINES).below(f"{key}.interrupts")
        elif highest is not None and any(int(number) > highest for number in re.findall("[0-9]+", line)):
            what = f"no line {line!r}: they are numbered up to {highest}"
            yield Problem(f"{key}.interrupts.{line}", what, "give one that the device has")


def _window_problems(
    kind: type[Device], parameters: DeviceParameters, key: str, size_bytes: object
) -> Iterator[Problem]:
    """Yield a problem when registers lie behind the window's end, where nothing would reach them."""
    needed = kind.register_bytes(parameters)
    if isinstance(size_bytes, int) and size_bytes < needed:
        yield Problem(
            f"{key}.size_bytes",
            f"0x{size_bytes:X}, but the registers of {kind.__name__} reach up to 0x{needed:X}",
            f"write size_bytes = 0x{-(-needed // WINDOW_STEP_BYTES) * WINDOW_STEP_BYTES:X}",
        )


def has_line(kind: type[Device], line: str) -> bool:
    """Whether a class of devices has an interrupt line of this name."""
    return line in kind.LINES or re.sub(r"[0-9]+", "#", line) in kind.LINES
