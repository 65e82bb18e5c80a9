"""What boardless needs on this Python and platform, as its own metadata say, and what pip can do.

The metadata's markers (pyproject.toml) are the one place that knows which package has wheels where;
no advice is given that they do not cover.
"""

from __future__ import annotations

import platform
import shlex
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata

from packaging.requirements import Requirement

DISTRIBUTION = "boardless"
GOLDEN_RUNTIMES = ("tflite-runtime", "ai-edge-litert")
"""The golden interpreter's distributions, in the order of preference."""


def requirements(environment: Mapping[str, str] | None = None) -> list[Requirement]:
    """What boardless requires here, extras left out; none when it runs without being installed.

    ``environment``: another Python's marker values (``python_version``, ``sys_platform``,
    ``platform_machine``, ...), this one's for those left out.
    """
    try:
        lines = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return []
    found = [Requirement(line) for line in lines]
    values = {"extra": "", **(environment or {})}
    return [one for one in found if one.marker is None or one.marker.evaluate(values)]


def golden_requirement(environment: Mapping[str, str] | None = None) -> Requirement | None:
    """The golden interpreter that this Python can have; None when there is none for it."""
    return next((one for one in requirements(environment) if one.name in GOLDEN_RUNTIMES), None)


def golden_advice(environment: Mapping[str, str] | None = None) -> str:
    """How to get the golden interpreter here, or on which machines there is one."""
    wanted = golden_requirement(environment)
    if wanted is None:
        return (
            f"There is none for {this_python()}: Linux on x86-64 or ARM64, macOS on Apple silicon and "
            "Windows on x86-64 have one, with Python 3.10 to 3.14."
        )
    partners = [one for one in requirements(environment) if one.name == "numpy"]
    return pip_install([wanted, *partners])


def pip_install(wanted: Iterable[Requirement]) -> str:
    """The command that installs these into this Python."""
    words = [f"{one.name}{one.specifier}" for one in wanted]
    return shlex.join([sys.executable, "-m", "pip", "install", *words])


def this_python() -> str:
    """Such as ``Python 3.13 on Linux x86_64``."""
    version = ".".join(platform.python_version_tuple()[:2])
    return f"Python {version} on {platform.system()} {platform.machine()}"
