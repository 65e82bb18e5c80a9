"""pytest's plugin: firmware under test by the fixtures ``board`` and ``dut``.

pytest imports this with every run, so nothing of the emulator is imported before a test wants a device.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pytest

from emulator.errors import BoardlessError, NotOnABoard
from emulator.testing.benchmark_timer import SETTINGS as BENCHMARK_SETTINGS
from emulator.testing.benchmark_timer import ModelledTimer

if TYPE_CHECKING:
    from emulator.board.model import Board
    from emulator.testing.dut import Dut
    from emulator.testing.session import Devices

MARKERS = (
    "boardless_board(*boards, console=None): on which boards the test runs, by name or TOML file; several:"
    " once on each; with another console than the board's, such as rtt",
    "boardless_image(*images, base=None, symbols=None, load=(), start=None): which firmware is loaded, and"
    " with which further files; several: once with each",
    "boardless_boot(boot, timeout=5.0): the test begins when the console has sent this; booting is paid once"
    " a module",
    "boardless_limits(cycles=..., stack=..., latency={...}, function={...}, ...): what the test may take",
)
SETTINGS = {
    "boardless_board": "board of tests without the marker",
    "boardless_image": "firmware of tests without the marker",
    "boardless_console": "console of tests without the marker, in place of the board's",
    "boardless_boot": "with which text it is ready, for tests without the marker",
}
DUT: pytest.StashKey[Dut] = pytest.StashKey()
DEVICES: pytest.StashKey[Devices] = pytest.StashKey()
TIMER: pytest.StashKey[ModelledTimer] = pytest.StashKey()
UNJUDGED = ("boardless limits", "not judged")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of real boards, and settings of a project."""
    group = parser.getgroup("boardless", "firmware under test, emulated or on a real board")
    group.addoption("--dut-board", metavar="NAME", help="run on this board alone, by name or TOML file")
    group.addoption(
        "--dut-port",
        metavar="PORT",
        action="append",
        default=[],
        help="a real board is at this serial port; with xdist one for each worker. Needs --dut-board",
    )
    group.addoption("--dut-baud", metavar="BAUD", type=int, default=115_200, help="of --dut-port [115200]")
    group.addoption(
        "--dut-load",
        metavar="COMMAND",
        help="puts {image} (at {base}) into the board; also {port}, {board}. `true`: it is there already",
    )
    group.addoption("--dut-reset", metavar="COMMAND", help="resets the board; by default --dut-load does")
    for name, text in SETTINGS.items():
        parser.addini(name, text)


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known, and refuse options that don't go together."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    config.stash[TIMER] = ModelledTimer()
    ports = config.getoption("--dut-port")
    if ports and config.getoption("--dut-board") is None:
        raise pytest.UsageError("--dut-port needs --dut-board NAME: which board is it?")
    workers = getattr(config, "workerinput", {}).get(
        "workercount", config.getoption("numprocesses", None) or 1
    )
    if ports and isinstance(workers, int) and workers > len(ports):
        raise pytest.UsageError(f"{workers} workers and {len(ports)} --dut-port: give a port for each")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests with several boards or images come several times."""
    for fixture, marker in (("board", "boardless_board"), ("boardless_image", "boardless_image")):
        found = metafunc.definition.get_closest_marker(marker)
        if fixture in metafunc.fixturenames and found is not None and len(found.args) > 1:
            metafunc.parametrize(
                fixture, found.args, indirect=True, ids=[Path(str(a)).name for a in found.args]
            )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """pytest-benchmark's fixture measures modelled time where a test uses it with a device of ours."""
    if not config.pluginmanager.hasplugin("benchmark") or config.getoption("--dut-port"):
        return
    for item in items:
        if {"dut", "benchmark"} <= set(getattr(item, "fixturenames", ())):
            marker = item.get_closest_marker("benchmark")
            own = {} if marker is None else marker.kwargs
            timer = {"timer": config.stash[TIMER].modelled_seconds}
            item.add_marker(pytest.mark.benchmark(**{**BENCHMARK_SETTINGS, **timer, **own}), append=False)


# -- fixtures ------------------------------------------------------------------------------------
@pytest.fixture
def board(request: pytest.FixtureRequest) -> Board:
    """The board that the test runs on."""
    from emulator.testing.session import board_named  # noqa: PLC0415 -- see the module

    name = getattr(request, "param", None) or _marked(request, "boardless_board")
    wanted = request.config.getoption("--dut-board")
    names = [one for one in (name, wanted) if one is not None]
    if not names:
        pytest.fail(
            'which board? Give @pytest.mark.boardless_board("NAME"), boardless_board in the configuration, or'
            " --dut-board NAME",
            pytrace=False,
        )
    marker = request.node.get_closest_marker("boardless_board")
    own = None if marker is None else marker.kwargs.get("console")
    console = own or _setting(request, "boardless_console")
    with _short_errors():
        boards = [board_named(one, request.config.rootpath, console) for one in names]
    if boards[0].name != boards[-1].name:
        pytest.skip(f"the test is for {boards[0].name}, and --dut-board is {wanted}")
    return boards[0]


@pytest.fixture
def boardless_image(request: pytest.FixtureRequest) -> str | Path | None:
    """The firmware that the test begins with; None: it loads one by itself."""
    name: str | Path | None = getattr(request, "param", None) or _marked(request, "boardless_image")
    return name


@pytest.fixture(scope="session")
def boardless_session(request: pytest.FixtureRequest) -> Iterator[Devices]:
    """The devices of all tests; the port of a real board stays open."""
    from emulator.testing.session import Devices  # noqa: PLC0415 -- see the module

    config = request.config
    worker = str(getattr(config, "workerinput", {}).get("workerid", "gw0")).removeprefix("gw")
    ports = config.getoption("--dut-port")
    devices = Devices(
        config.rootpath,
        port=ports[int(worker)] if ports else None,
        baud=config.getoption("--dut-baud"),
        load=config.getoption("--dut-load"),
        reset=config.getoption("--dut-reset"),
    )
    yield devices
    devices.close()


@pytest.fixture(scope="module")
def boardless_module(boardless_session: Devices) -> Iterator[Devices]:
    """Snapshots are kept for a module."""
    yield boardless_session
    boardless_session.forget_stands()


@pytest.fixture
def dut(
    request: pytest.FixtureRequest,
    board: Board,
    boardless_image: str | Path | None,
    boardless_module: Devices,
) -> Iterator[Dut]:
    """The device under test: an emulated board, or the real one at --dut-port."""
    node = request.node
    with _short_errors():
        device = boardless_module.dut(board, records=node.get_closest_marker("boardless_limits") is not None)
        request.config.stash[TIMER].watch(device)
        node.stash[DUT], node.stash[DEVICES] = device, boardless_module
        if boardless_image is not None:
            device.load(boardless_image, **_load_options(request))
    yield device
    device.close()


def _load_options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Of :meth:`Dut.load`, from the markers of the image and of the boot."""
    image = request.node.get_closest_marker("boardless_image")
    options = {} if image is None else dict(image.kwargs)
    boot = request.node.get_closest_marker("boardless_boot")
    if boot is None:
        return {**options, "boot": _setting(request, "boardless_boot")}
    return {**options, **dict(zip(("boot", "timeout"), boot.args, strict=False)), **boot.kwargs}


@contextmanager
def _short_errors() -> Iterator[None]:
    """What goes wrong before the test begins is told without a traceback: it would show our lines alone."""
    try:
        yield
    except NotOnABoard:
        raise
    except BoardlessError as error:
        message = f"{type(error).__name__}: {error}"
    else:
        return
    pytest.fail(message, pytrace=False)


def _marked(request: pytest.FixtureRequest, name: str) -> Any:
    """A marker's first argument, else the setting of that name."""
    marker = request.node.get_closest_marker(name)
    return marker.args[0] if marker is not None and marker.args else _setting(request, name)


def _setting(request: pytest.FixtureRequest, name: str) -> str | None:
    return request.config.getini(name) or None


# -- running -------------------------------------------------------------------------------------
@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, Any, Any]:
    """What a board can't do is a skipped test."""
    return (yield from _told())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """The same; then the limits."""
    result = yield from _told()
    limits = item.get_closest_marker("boardless_limits")
    device = item.stash.get(DUT, None)
    if device is not None and not item.config.getoption("--dut-port"):
        item.user_properties.append(("boardless cycles", device.cycles))
    if limits is not None and device is not None:
        if limits.args:
            pytest.fail("boardless_limits takes names: cycles=..., stack=...", pytrace=False)
        over = _over_limits(item, device, limits)
        if over is None:
            item.user_properties.append(UNJUDGED)
        elif over:
            pytest.fail(over, pytrace=False)
    return result


def _over_limits(item: pytest.Item, device: Dut, limits: pytest.Mark) -> str | None:
    try:
        return item.stash[DEVICES].over_limits(device, limits.kwargs, item.nodeid)
    except BoardlessError as error:
        return str(error)


def _told() -> Generator[None, Any, Any]:
    """Let it run; errors of ours end at the test's own line, as the emulator's inside says nothing to it."""
    try:
        return (yield)
    except NotOnABoard as error:
        raise pytest.skip.Exception(str(error), _use_item_location=True) from None
    except BoardlessError as error:
        _cut(error.__traceback__)
        raise


def _cut(trace: TracebackType | None) -> None:
    """Cut a traceback where the emulator begins."""
    seen_test = False
    while trace is not None and trace.tb_next is not None:
        name = str(trace.tb_next.tb_frame.f_globals.get("__name__", ""))
        ours = name.startswith("emulator.") and name != __name__
        seen_test = seen_test or not (ours or name.partition(".")[0] in ("_pytest", "pluggy"))
        if ours and seen_test:
            trace.tb_next = None
        trace = trace.tb_next


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test's report shows its device."""
    report = yield
    device = item.stash.get(DUT, None)
    if report.failed and device is not None and report.when in ("setup", "call"):
        report.sections += [(title, text) for title, text in device.sections()]
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say which limits nobody has looked at."""
    reports = terminalreporter.stats.get("passed", [])
    unjudged = sum(UNJUDGED in map(tuple, report.user_properties) for report in reports)
    if unjudged:
        terminalreporter.write_line(
            f"boardless: limits of {unjudged} tests not judged: a real board counts no cycles for us"
        )
