"""``boardless doctor``: what is installed, what works, and the first thing to fix."""

from __future__ import annotations

import importlib
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import click
from packaging.requirements import Requirement

import emulator
from emulator.cli.command import Command
from emulator.errors import EXIT_CHECK_FAILED
from emulator.installation.documents import FIDELITY, document
from emulator.installation.origin import SLOW_HOOK_COST, native_hook_advice, reinstall_command
from emulator.installation.requirements import (
    GOLDEN_RUNTIMES,
    golden_advice,
    golden_requirement,
    pip_install,
    requirements,
)

PROGRAM = bytes.fromhex("2a20 0130 00be")  # movs r0, #42; adds r0, #1; bkpt
PROGRAM_ADDRESS = 0x08000000
PROGRAM_RESULT = 43
TOOL_TIMEOUT_S = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``needed``: without it nothing runs (else only some things).

    What is not good and has no ``fix`` can't be had on this machine.
    """

    name: str
    good: bool
    detail: str
    fix: str = ""
    needed: bool = False


@click.command(cls=Command)
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Look at the installation; exit code 1 when something that every run needs is missing."""
    findings = [*_packages(), *(check() for check in CHECKS), *_tools()]
    click.echo(f"boardless {emulator.__version__}, Python {platform.python_version()}, {platform.platform()}")
    for finding in findings:
        sign = "ok  " if finding.good else ("FAIL" if finding.needed else "--  ")
        click.echo(f"{sign} {finding.name}: {finding.detail}")
    broken = sorted((f for f in findings if f.fix and not f.good), key=lambda f: not f.needed)
    if not broken:
        all_good = all(finding.good for finding in findings)
        click.echo("Everything works." if all_good else "Everything works that can be had here.")
        return
    click.echo(f"\nFix first: {broken[0].name}: {broken[0].fix}")
    if broken[0].needed:
        ctx.exit(EXIT_CHECK_FAILED)


def _packages() -> list[Finding]:
    """Look for what boardless requires on this Python, in a version that it can use."""
    wanted = requirements()
    if not wanted:
        fix = reinstall_command(dependencies=True)
        return [Finding("packages", good=False, detail="boardless is not installed", fix=fix)]
    findings = [_package(one) for one in wanted]
    if golden_requirement() is None:
        detail = f"none; the golden check of `boardless bench` is left out. {golden_advice()}"
        findings.append(Finding("golden interpreter", good=False, detail=detail))
    return findings


def _package(wanted: Requirement) -> Finding:
    golden = wanted.name in GOLDEN_RUNTIMES
    name = f"{wanted.name} (golden interpreter)" if golden else wanted.name
    use = "only the golden check of `boardless bench` needs it" if golden else "needed"
    fix = golden_advice() if golden else pip_install([wanted])
    try:
        version = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return Finding(name, good=False, detail=f"not installed; {use}", fix=fix, needed=not golden)
    good = wanted.specifier.contains(version, prereleases=True)
    detail = version if good else f"{version}, but it must be {wanted.specifier}; {use}"
    return Finding(name, good=good, detail=detail, fix=fix, needed=not golden)


def _unicorn_works() -> Finding:
    """Run three instructions on the installed wheel."""
    name = "unicorn runs Thumb code"
    fix = f"{sys.executable} -m pip install --force-reinstall unicorn==2.1.4"
    try:
        unicorn: Any = importlib.import_module("unicorn")
        names: Any = importlib.import_module("unicorn.arm_const")
        engine = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB)
        engine.ctl_set_cpu_model(names.UC_CPU_ARM_CORTEX_M4)
        engine.mem_map(PROGRAM_ADDRESS, 0x1000)
        engine.mem_write(PROGRAM_ADDRESS, PROGRAM)
        engine.emu_start(PROGRAM_ADDRESS | 1, PROGRAM_ADDRESS + 4)
        result = engine.reg_read(names.UC_ARM_REG_R0)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is the finding)
        return Finding(name, good=False, detail=str(error) or type(error).__name__, fix=fix, needed=True)
    good = result == PROGRAM_RESULT
    return Finding(name, good=good, detail="yes" if good else f"wrong result {result}", fix=fix, needed=True)


def _native_hook() -> Finding:
    """Look for the C library."""
    from emulator.engine.library import native_library_problem  # noqa: PLC0415

    problem = native_library_problem()
    return Finding(
        "native hook",
        good=not problem,
        detail=f"{problem}; {SLOW_HOOK_COST}" if problem else "built",
        fix=native_hook_advice(),
    )


def _documents() -> Finding:
    """Say where the documents are."""
    fidelity = document(FIDELITY)
    return Finding(
        "documents",
        good=fidelity.is_file(),
        detail=f"what is modelled, and how far figures are from silicon: {fidelity}",
        fix=reinstall_command(),
    )


def _boards() -> Finding:
    """Load every board."""
    from emulator.board.reader import list_boards, load_board  # noqa: PLC0415
    from emulator.errors import BoardlessError  # noqa: PLC0415

    names = list_boards()
    for name in names:
        try:
            load_board(name)
        except BoardlessError as error:
            return Finding(
                "boards", good=False, detail=str(error), fix="mend or remove that file", needed=True
            )
    return Finding(
        "boards", good=bool(names), detail=f"{len(names)} load", fix=reinstall_command(), needed=True
    )


def _machine_works() -> Finding:
    """Build a machine and let it execute a program that ends itself."""
    from emulator.board.reader import list_boards  # noqa: PLC0415
    from emulator.engine.library import native_library_problem  # noqa: PLC0415
    from emulator.machine.machine import Machine  # noqa: PLC0415

    name = "a machine can be built"
    try:
        machine = Machine(list_boards()[0], hook="python" if native_library_problem() else "native")
    except Exception as error:  # noqa: BLE001  (whatever it is, it is the finding)
        return Finding(name, good=False, detail=str(error), fix=reinstall_command(), needed=True)
    return Finding(name, good=True, detail=f"yes, with the {machine.hook.kind} hook", needed=True)


def _pty() -> Finding:
    """Open a pseudo-terminal."""
    from emulator.errors import LinkError  # noqa: PLC0415
    from emulator.links import SerialEndpoint, open_link, parse_serial  # noqa: PLC0415

    try:
        with open_link(parse_serial("pty"), SerialEndpoint()) as link:
            return Finding("pseudo-terminals", good=True, detail=f"yes ({link.description})")
    except (LinkError, ImportError) as error:
        return Finding("pseudo-terminals", good=False, detail=str(error), fix="use --serial tcp:PORT instead")


def _tools() -> list[Finding]:
    return [
        _tool("arm-none-eabi-gcc", "`boardless build` and the tests", "apt install gcc-arm-none-eabi"),
        _tool("qemu-system-arm", "the tests and the speed bench", "apt install qemu-system-arm"),
    ]


def _tool(name: str, use: str, fix: str) -> Finding:
    path = shutil.which(name)
    if path is None:
        return Finding(name, good=False, detail=f"not found; only {use} need it", fix=fix)
    try:
        output = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=TOOL_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(name, good=False, detail=f"does not start: {error}", fix=fix)
    lines = output.stdout.splitlines()
    return Finding(name, good=output.returncode == 0, detail=lines[0] if lines else "no version", fix=fix)


CHECKS: tuple[Callable[[], Finding], ...] = (
    _unicorn_works, _native_hook, _boards, _machine_works, _pty, _documents,
)  # fmt: skip
