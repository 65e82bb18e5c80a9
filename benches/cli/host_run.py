"""What ``boardless host`` does once its options are parsed."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType

import click

from benches.virtual_ports import environment_with_hook, install_hook
from benches.virtual_ports.relay import Relay
from emulator.cli.console import EXIT_SIGNALLED
from emulator.cli.desk_options import DeskOptions
from emulator.cli.options import DEFAULT_BOARD, settle_hook
from emulator.cli.words import UNOFFICIAL
from emulator.errors import BoardlessError, UsageError
from emulator.links.virtual_port import NUCLEO_USB, VirtualPort, parse_usb, read_ports

BOOT_LIMIT_S = 90.0
STEP_S = 0.05
STOP_LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class HostOptions:
    """The command's options as given."""

    devices: tuple[str, ...]
    ports_files: tuple[Path, ...]
    images: tuple[Path, ...]
    boards: tuple[str, ...]
    usb_ids: tuple[str, ...]
    base: int | None
    energy: bool
    pace: str
    command: tuple[str, ...]
    desk: DeskOptions = field(default_factory=DeskOptions)


def run_host(options: HostOptions) -> int:
    """Boot what is to be booted, run the command, end both; the command's exit code."""
    ports = [parse_device(text) for text in options.devices]
    ports += [port for file in options.ports_files for port in read_ports(file)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="boardless-host-")))
        served = [
            stack.enter_context(_Served(arguments, folder / f"served-{number}"))
            for number, arguments in enumerate(_serve_arguments(options))
        ]
        for server in served:
            ports += server.wait()
        if not ports:
            raise UsageError("no port to offer", next_step="give --image, --device or --ports")
        ports = _with_relays(stack, ports, folder)
        install_hook(folder, ports)
        for port in ports:
            click.echo(f"boardless: {port.name} on {port.device}", err=True)
        code = _run(options.command, folder)
    for server in served:
        click.echo(server.said, err=True, nl=False)
    click.echo(f"boardless: {UNOFFICIAL}", err=True)
    return code


def parse_device(text: str) -> VirtualPort:
    """``NAME=PATH[:VID:PID]``; PATH may be a URL. Raises :class:`UsageError`."""
    name, equals, rest = text.partition("=")
    if not (name and equals and rest):
        raise UsageError(f"--device {text!r} is not NAME=PATH[:VID:PID]")
    device, vid, pid = rest, *NUCLEO_USB
    parts = rest.rsplit(":", 2)
    if len(parts) == 3 and not parts[0].endswith(("socket", "rfc2217")) and _is_usb(parts[1], parts[2]):
        device = parts[0]
        vid, pid = parse_usb(f"{parts[1]}:{parts[2]}")
    return VirtualPort(name, device, vid, pid, f"BOARDLESS-{name.upper()}", f"Boardless simulated {name}")


def _is_usb(vid: str, pid: str) -> bool:
    try:
        parse_usb(f"{vid}:{pid}")
    except UsageError:
        return False
    return "/" not in vid


def _serve_arguments(options: HostOptions) -> Iterator[list[str]]:
    """The ``serve`` command line of each image."""
    hook = (
        settle_hook("auto") if options.images else "auto"
    )  # said here: a child's words are shown at its end
    for number, image in enumerate(options.images):
        arguments = ["serve", str(image), "--pace", options.pace, "--hook", hook]
        arguments += [
            "--board",
            _of_each(options.boards, number, len(options.images), "--board", DEFAULT_BOARD),
        ]
        arguments += ["--usb", _of_each(options.usb_ids, number, len(options.images), "--usb", "0483:374B")]
        if options.base is not None:
            arguments += ["--base", hex(options.base)]
        if options.energy:
            arguments.append("--energy")
        arguments += options.desk.words()
        yield arguments


def _of_each(values: tuple[str, ...], number: int, count: int, option: str, default: str) -> str:
    if len(values) not in (0, 1, count):
        raise UsageError(
            f"{len(values)} times {option} for {count} images", next_step="give one, or one of each"
        )
    return values[number if len(values) == count else 0] if values else default


class _Served:
    """A ``boardless serve`` in a child process; ``said``: its summary, once it has ended."""

    def __init__(self, arguments: list[str], folder: Path) -> None:
        self.said = ""
        self._image = arguments[1]
        folder.mkdir()
        self._ports_file = folder / "ports.json"
        self._log = folder / "log.txt"
        command = [sys.executable, "-m", "emulator.cli.main", *arguments]
        command += ["--link", str(folder / "port"), "--ports", str(self._ports_file)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )

    def __enter__(self) -> _Served:
        return self

    def __exit__(self, *_exception: object) -> None:
        ended_early = self._process.poll()
        if ended_early is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.said = self._log.read_text(encoding="utf-8", errors="replace")
        if ended_early is not None:
            how = f"by signal {-ended_early}" if ended_early < 0 else f"with exit code {ended_early}"
            self.said += f"boardless: the device was gone before the command ended ({how}): {self._image}\n"

    def wait(self) -> tuple[VirtualPort, ...]:
        """The ports, when the device has booted. Raises when it does not."""
        end = time.monotonic() + BOOT_LIMIT_S
        while not self._ports_file.exists():
            if self._process.poll() is not None or time.monotonic() > end:
                said = self._log.read_text(encoding="utf-8", errors="replace").strip()
                said = said.removeprefix("boardless: ")
                raise BoardlessError(
                    f"the device did not come up: {said or 'it said nothing'}", where=self._image
                )
            time.sleep(STEP_S)
        return read_ports(self._ports_file)


def _with_relays(stack: ExitStack, ports: list[VirtualPort], folder: Path) -> list[VirtualPort]:
    """Ports behind TCP get a local PTY."""
    found = []
    for number, port in enumerate(ports):
        if "://" in port.device:
            relay = Relay(port.device, folder / f"relay-{number}")
            stack.callback(relay.close)
            port = replace(port, device=relay.path)  # noqa: PLW2901
        found.append(port)
    return found


def _run(command: tuple[str, ...], folder: Path) -> int:
    with _signals_are_the_commands():
        try:
            process = subprocess.Popen(command, env=environment_with_hook(folder))
        except OSError as error:
            raise UsageError(f"can't be started: {error.strerror}", where=command[0]) from error
        try:
            code = process.wait()
        except BaseException:  # SIGTERM: the command ends with us
            process.terminate()
            raise
    return EXIT_SIGNALLED - code if code < 0 else code


@contextmanager
def _signals_are_the_commands() -> Iterator[None]:
    """Ctrl-C reaches the command, which is in our group; we wait for what it makes of it."""
    with _handler(signal.SIGINT, lambda _number, _frame: None):  # not SIG_IGN: it is inherited
        yield


@contextmanager
def _handler(number: signal.Signals, handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)
