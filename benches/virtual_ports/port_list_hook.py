"""Copied as ``sitecustomize.py`` in front of host software: adds our ports to pyserial's list.

It runs in the host software's own Python, which need not have Boardless installed, so it
imports the standard library only. It reads ``ports.json`` beside it. Nothing of the host
software is changed; modules are touched when, and only if, they are imported:

* ``comports()`` of ``serial.tools.list_ports`` also lists our ports, as long as they exist;
* ``usb.core.find()`` finds nothing, instead of failing, on a machine without libusb.
"""

import importlib.machinery
import importlib.util
import json
import os
import sys
from typing import Any

FOLDER = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 -- sitecustomize starts every Python
PORTS_FILE = os.path.join(FOLDER, "ports.json")  # noqa: PTH118
PORT_LISTS = ("serial.tools.list_ports_posix", "serial.tools.list_ports_windows")
USB = "usb.core"


def _our_ports(list_port_info: Any) -> list[Any]:
    try:
        with open(PORTS_FILE, encoding="utf-8") as file:  # noqa: PTH123
            entries = json.load(file)["ports"]
    except (OSError, ValueError, KeyError):
        return []
    found = []
    for entry in entries:
        device = entry["device"]
        if "://" not in device and not os.path.exists(device):  # noqa: PTH110
            continue
        info = list_port_info(device)
        info.name = os.path.basename(device)  # noqa: PTH119
        info.vid, info.pid = entry["vid"], entry["pid"]
        info.serial_number = entry["serial_number"]
        info.product = entry["description"]
        info.manufacturer = "Boardless (simulated)"
        if info.vid is not None:
            info.apply_usb_info()
        info.description = entry["description"] or entry["name"]
        found.append(info)
    return found


def _add_ports(module: Any) -> None:
    original = module.comports

    def comports(*arguments: Any, **options: Any) -> list[Any]:
        from serial.tools.list_ports_common import ListPortInfo  # noqa: PLC0415 -- the host's own pyserial

        return [*original(*arguments, **options), *_our_ports(ListPortInfo)]

    module.comports = comports


def _forgive_missing_libusb(module: Any) -> None:
    original = module.find

    def find(find_all: bool = False, *arguments: Any, **options: Any) -> Any:
        try:
            return original(find_all, *arguments, **options)
        except module.NoBackendError:
            return iter(()) if find_all else None

    module.find = find


CHANGES = {**dict.fromkeys(PORT_LISTS, _add_ports), USB: _forgive_missing_libusb}


class _Loader:
    """The module's own loader, and the change after it."""

    def __init__(self, loader: Any, change: Any) -> None:
        self._loader = loader
        self._change = change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: Any) -> Any:
        return self._loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        self._loader.exec_module(module)
        self._change(module)


class _Finder:
    """Finds the modules to change by the other finders, and wraps their loaders."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> Any:  # noqa: ARG004 -- the interface
        change = CHANGES.get(name)
        if change is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            wrapped: Any = _Loader(spec.loader, change)
            spec.loader = wrapped
        return spec


def _run_the_next_sitecustomize() -> None:
    """Load the one that this file stands in front of, if there is one."""
    elsewhere = [entry for entry in sys.path if os.path.abspath(entry or os.curdir) != FOLDER]  # noqa: PTH100
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", elsewhere)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)


finder: Any = _Finder
sys.meta_path.insert(0, finder)
_run_the_next_sitecustomize()
