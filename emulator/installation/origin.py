"""Where this installation came from, and so how to build it again."""

from __future__ import annotations

import json
import shlex
import sys
import sysconfig
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlparse
from urllib.request import url2pathname

from packaging.requirements import Requirement

from emulator.installation.requirements import DISTRIBUTION, pip_install

ROOT = Path(__file__).parents[2]
"""The folder of the import packages: a checkout, or site-packages."""
SLOW_HOOK_COST = (
    "the Python hook gives the same figures some 30 times slower (`boardless bench ad`: 87 s instead of 3 s)"
)
ZIG = "ziglang"
"""A C compiler as a package; `boardless build --toolchain zig` uses it, too."""
COMPILER = "a C compiler (Debian: apt install gcc libc6-dev)"


def is_checkout() -> bool:
    """Whether the packages are used in place, from a checkout or an unpacked source distribution."""
    return (ROOT / "pyproject.toml").is_file()


def reinstall_command(*, dependencies: bool = False) -> str:
    """The pip command that builds boardless, its native hook included, into this Python."""
    words = [sys.executable, "-m", "pip", "install"] + ([] if dependencies else ["--no-deps"])
    source = _source()
    if is_checkout():
        words += ["--editable", str(ROOT)]
    elif source is not None and source.suffix != ".whl":
        words += ["--force-reinstall", "--no-cache-dir", str(source)]
    else:  # whatever wheel this was, it has no hook: take the sources
        words += ["--force-reinstall", "--no-cache-dir", "--no-binary", DISTRIBUTION, DISTRIBUTION]
    return shlex.join(words)


def slow_hook_words(problem: str) -> str:
    """One line for who runs without the native hook: why, what it costs, what to do."""
    return f"no native hook ({problem}): {SLOW_HOOK_COST}. To have it, {native_hook_advice()}"


def native_hook_advice() -> str:
    """What to do for want of the native hook."""
    advice = f"install {COMPILER}, then: {reinstall_command()}"
    if sys.platform != "linux":
        return advice
    return f"{advice} -- or, without root: {rootless_command()}"


def rootless_command() -> str:
    """The shell's line that builds the native hook with the C compiler that PyPI has as a package."""
    zig = shlex.quote(str(Path(sysconfig.get_path("platlib"), ZIG, "zig")))
    variables = f'CC="{zig} cc" LDSHARED="{zig} cc -shared"'  # setuptools splits both; Zig has not -Bsymbolic
    return f"{pip_install([Requirement(ZIG)])} && {variables} {reinstall_command()}"


def _source() -> Path | None:
    """The folder or file that pip installed from (PEP 610); None: an index, or it is gone."""
    try:
        text = metadata.distribution(DISTRIBUTION).read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return None
    url = urlparse(json.loads(text)["url"]) if text else None
    if url is None or url.scheme != "file":
        return None
    path = Path(url2pathname(unquote(url.path)))
    return path if path.exists() else None
