"""Ports of ours in the port list of host software that knows nothing of us."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

from emulator.files import OutputFile
from emulator.links.virtual_port import VirtualPort, write_ports

HOOK = "port_list_hook.py"
INSTALLED_AS = "sitecustomize.py"
PORTS_FILE = "ports.json"


def install_hook(folder: Path, ports: Sequence[VirtualPort]) -> None:
    """Put the hook and the list into ``folder``, which goes in front of the host's PYTHONPATH."""
    text = resources.files(__package__).joinpath(HOOK).read_text(encoding="utf-8")
    (folder / INSTALLED_AS).write_text(text, encoding="utf-8")
    write_ports(OutputFile(folder / PORTS_FILE, "the port list"), ports)


def environment_with_hook(folder: Path, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """``environment`` for a process that lists the ports of ``folder``."""
    before = environment.get("PYTHONPATH")
    return {**environment, "PYTHONPATH": os.pathsep.join([str(folder), *([before] if before else [])])}


__all__ = ["VirtualPort", "environment_with_hook", "install_hook"]
