"""What a GDB is answered by a machine, packet by packet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

import pytest

from emulator import Machine
from emulator.cli.session import Limits
from emulator.debugger.packets import escaped
from emulator.debugger.server import crc32_msb_first
from emulator.debugger.timeline import Timeline
from emulator.errors import UsageError
from tests.debugger.debugged import Client, Debugged, debugged, firmware, loaded, state
from tests.machine.firmware import build

CONTINUE, STEP = "vCont;c", "vCont;s:1"
UART, UART_STATE = 0x40004000, 0x40004004

Start = Callable[..., tuple[Client, Debugged]]


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return firmware(tmp_path_factory.mktemp("debugged"))


@pytest.fixture(params=["native", "python"])
def hook(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def start(elf: Path, hook: str) -> Iterator[Start]:
    """``start()``: a machine with the firmware, and a client of its debugger."""
    with ExitStack() as stack:

        def begin(machine: Machine | None = None, **options: object) -> tuple[Client, Debugged]:
            run = stack.enter_context(debugged(machine or loaded(elf, hook), **options))  # type: ignore[arg-type]
            client = Client(run.port)
            stack.callback(client.close)
            return client, run

        yield begin


def undisturbed(elf: Path, hook: str) -> dict[str, object]:
    machine = loaded(elf, hook)
    machine.run()
    return state(machine)


def at(run: Debugged, name: str) -> int:
    return run.machine.symbol(name).address


def break_at(client: Client, address: int) -> str:
    assert client.ask(f"Z1,{address:x},2") == "OK"
    stop = client.ask(CONTINUE)
    assert client.ask(f"z1,{address:x},2") == "OK"
    return stop


def test_it_says_what_it_can(start: Start) -> None:
    client, _ = start()
    supported = client.ask("qSupported:multiprocess+;swbreak+;hwbreak+").split(";")
    assert {"QStartNoAckMode+", "qXfer:features:read+", "qXfer:memory-map:read+", "ReverseStep+",
            "ReverseContinue+", "QNonStop-"} <= set(supported)  # fmt: skip
    assert client.ask("vMustReplyEmpty") == "" and client.ask("qTStatus") == "" and client.ask("*") == ""
    assert client.ask("vCont?") == "vCont;c;C;s;S;r"
    assert client.ask("QNonStop:1") == "" and client.ask("QNonStop:0") == "OK"
    assert client.ask("?") == "T05thread:1;" and client.ask("qAttached") == "1"
    assert (client.ask("qfThreadInfo"), client.ask("qsThreadInfo"), client.ask("qC")) == ("m1", "l", "QC1")
    assert client.ask("Hg0") == client.ask("Hc-1") == client.ask("T1") == "OK" and client.ask("T7") == "E16"
    assert bytes.fromhex(client.ask("qThreadExtraInfo,1")) == b"core"


def test_documents_come_in_pieces(start: Start) -> None:
    client, _ = start()
    whole, place = "", 0
    while True:
        part = client.ask(f"qXfer:features:read:target.xml:{place:x},40")
        whole += part[1:]
        place = len(whole)
        if part[0] == "l":
            break
    assert whole.startswith("<?xml") and whole.endswith("</target>\n") and 'name="psp"' in whole
    assert client.ask("qXfer:features:read:other.xml:0,40") == "E00"
    assert 'type="flash"' in client.ask("qXfer:memory-map:read::0,2000")
    assert "core" in client.ask("qXfer:threads:read::0,1000")


ODD = (
    *("p", "pzz", "m0", "m,", "M0,4:00", "Z9", "Z0,x,2", "P1", "Pf=00", "qCRC:", "vCont", "vCont;x", "Hgx"),
    *("qRcmd,zz", "G0", "qXfer:features", "vFlashErase:0", "bx", "Tx", "X0,4:ab", "vFlashWrite:q:x"),
    *("Z-1,0,0", "z-1,0,0", "m-4,4", "vFlashErase:0,fffffffff", "c-1", "sfffffffff"),
)


@pytest.mark.parametrize("odd", ODD)
def test_odd_packets_are_no_end(start: Start, odd: str) -> None:
    client, _ = start()
    answer = client.ask(odd)
    assert answer == "" or answer.startswith("E")
    assert client.ask("qC") == "QC1"


def test_all_registers_at_once_are_those_one_by_one(start: Start) -> None:
    client, run = start()
    break_at(client, at(run, "scale"))
    everything = client.ask("g")
    one_by_one = [client.ask(f"p{n:x}") for n in (*range(16), *range(25, 60))]
    assert everything == "".join(each for each in one_by_one if not each.startswith("E"))
    assert client.register(15) == at(run, "scale")
    assert client.ask("G" + everything) == "OK" and client.ask("g") == everything


def test_writes_are_those_of_the_hardware(start: Start) -> None:
    client, run = start()
    break_at(client, at(run, "clamp"))
    results = at(run, "results")
    assert client.ask(f"M{results:x},4:11223344") == "OK" and client.ask(f"m{results:x},4") == "11223344"
    data = bytes(range(0x20, 0x60))
    assert client.ask(b"X%x,%x:" % (results, len(data)) + escaped(data)) == "OK"
    assert client.ask(f"m{results:x},{len(data):x}") == data.hex()
    assert client.ask("P0=07000000") == "OK" and client.register(0) == 7
    assert client.ask("P1a=000000000000f03f") == "OK" and client.ask("p1a") == "000000000000f03f"  # d0 = 1.0
    assert client.ask("M0,4:00000000") == "E0e", "flash takes no store"
    assert client.ask("m90000000,4") == "E0e" and client.ask("M90000000,4:00000000") == "E0e"
    assert client.ask("M40004000,4:21000000") == "OK"  # the UART sends '!'
    client.ask("D")
    assert run.join() == "exit" and b"!" in bytes(run.machine.console.output)


def test_jumps_calls_and_bad_breakpoints(start: Start) -> None:
    client, run = start()
    break_at(client, at(run, "main"))
    lr = client.register(14)
    client.ask(f"P{15:x}={at(run, 'clamp').to_bytes(4, 'little').hex()}")
    client.ask("P0=03000000")
    client.ask(f"P{14:x}={(at(run, 'main') | 1).to_bytes(4, 'little').hex()}")
    assert break_at(client, at(run, "main")).startswith("T05") and client.register(0) == 4
    client.ask(f"P{14:x}={lr.to_bytes(4, 'little').hex()}")
    assert client.ask("Z1,3,2") == client.ask("Z0,90000000,2") == "OK"  # nothing executes there
    assert client.ask("D") == "OK"
    assert run.join() == "exit"


def test_load_programs_flash(start: Start, tmp_path: Path) -> None:
    client, run = start()
    ends = '__asm__("movs r0, #0x18\\n ldr r1, =0x20026\\n bkpt 0xAB");'
    other = build(tmp_path, f'void main(void) {{ print("other\\r\\n"); {ends} }}', "other")
    machine = Machine("virtual-m4")
    (segment,) = [s for s in machine.load(other).segments if s.address == 0]
    assert client.ask("vFlashErase:0,2000") == "OK" and client.ask("m0,8") == "ff" * 8
    for place in range(0, len(segment.data), 100):
        part = escaped(segment.data[place : place + 100])
        assert client.ask(b"vFlashWrite:%x:" % place + part) == "OK"
    assert client.ask("vFlashDone") == "OK"
    assert (
        client.ask("vFlashWrite:20000000:x") == "E.memtype" and client.ask("vFlashErase:20000000,4") == "E0e"
    )
    assert client.ask(f"qCRC:0,{len(segment.data):x}") == f"C{crc32_msb_first(segment.data):x}"
    assert client.monitor("reset").startswith("reset: the core stands at 0x")
    assert client.ask(CONTINUE) == "W00"
    assert run.join() == "exit" and run.machine.console.take() == b"other\r\n"


def test_a_breakpoint_in_an_it_block_stops_at_its_instruction(start: Start, elf: Path, hook: str) -> None:
    client, run = start()
    clamp = at(run, "clamp")
    code = bytes.fromhex(client.ask(f"m{clamp:x},40"))
    place = next(n for n in range(0, 64, 2) if code[n + 1] == 0xBF and code[n] & 0xF)  # IT
    seen = []
    assert client.ask(f"Z1,{clamp + place + 2:x},2") == "OK"  # movhi
    for _ in range(2):
        assert client.ask(CONTINUE).startswith("T05") and client.pc() == clamp + place + 2
        seen.append(client.register(0) if client.register(0) > 9 else client.register(3))
    assert min(seen) > 9
    client.ask("D")
    assert run.join() == "exit" and state(run.machine) == undisturbed(elf, hook)


def test_steps_go_through_interrupts_or_into_them(start: Start, elf: Path, hook: str) -> None:
    client, run = start()
    break_at(client, at(run, "recurse"))
    ipsr: list[set[int]] = []
    for mode in ("on", "off"):
        assert client.monitor(f"maskints {mode}").startswith("steps run")
        found = set()
        for _ in range(1500):
            assert client.ask(STEP) == "T05thread:1;"
            found.add(client.register(25) & 0x1FF)
        ipsr.append(found)
    assert ipsr[0] <= {0, 11} and {14, 15} & ipsr[1]
    assert "on or off" in client.monitor("maskints perhaps")
    client.ask("D")
    assert run.join() == "exit" and state(run.machine) == undisturbed(elf, hook)


def test_a_range_of_addresses_is_stepped_in_one_go(start: Start) -> None:
    client, run = start()
    main = at(run, "main")
    break_at(client, main)
    assert client.ask(f"vCont;r{main:x},{main + 12:x}:1") == "T05thread:1;"
    assert not main <= client.pc() < main + 12


def test_back_and_forth(start: Start, elf: Path, hook: str) -> None:
    client, run = start()
    break_at(client, at(run, "finish"))
    end = client.ask("g")
    pcs = []
    for _ in range(40):
        assert client.ask("bs").startswith("T05thread")
        pcs.append(client.pc())
    for expected in [*reversed(pcs[:-1]), at(run, "finish")]:
        assert client.ask(STEP) == "T05thread:1;" and client.pc() == expected
    assert client.ask("g") == end
    client.ask(f"Z0,{at(run, 'recurse'):x},2")
    for _ in range(5):
        assert "swbreak" in client.ask("bc") and client.pc() == at(run, "recurse")
    client.ask(f"z0,{at(run, 'recurse'):x},2")
    assert client.ask("bc") == "T05thread:1;replaylog:begin;"
    assert client.ask("bs") == "T05thread:1;replaylog:begin;"
    client.ask("D")
    assert run.join() == "exit" and state(run.machine) == undisturbed(elf, hook)


def test_what_hosts_hear_they_hear_once(start: Start, elf: Path, hook: str) -> None:
    machine = loaded(elf, hook)
    heard = bytearray()
    machine.console.subscribe(heard.extend)
    client, run = start(machine)
    for _ in range(3):
        break_at(client, at(run, "finish"))
        client.ask("bc")
    client.ask("D")
    assert run.join() == "exit" and bytes(heard) == bytes(run.machine.console.output)


def test_characters_come_again_at_their_cycle(elf: Path, hook: str, start: Start) -> None:
    """Going back takes them back, and going on brings them again."""
    machine = Machine("virtual-m4", hook=hook)
    machine.load(elf)
    machine.run(max_cycles=200_000)  # it waits for its character, ticks go on
    client, run = start(machine, limits=Limits(wall_limit_s=60))
    client.ask(f"Z1,{at(run, 'finish'):x},2")
    machine.console.feed(b"k")
    assert "hwbreak" in client.ask(CONTINUE)
    first = client.monitor("cycles").split(" cycles")[0]
    assert client.ask("bc").endswith("replaylog:begin;")
    assert "hwbreak" in client.ask(CONTINUE)
    assert client.monitor("cycles").split(" cycles")[0] == first
    client.ask(f"z1,{at(run, 'finish'):x},2")
    assert client.ask(CONTINUE) == "W00" and run.join() == "exit"


def test_a_change_begins_time_anew(start: Start) -> None:
    client, run = start()
    break_at(client, at(run, "on_svc"))
    assert client.ask(f"M{at(run, 'calls'):x},4:05000000") == "OK"
    assert client.ask("bs") == "T05thread:1;replaylog:begin;"
    for _ in range(20):
        client.ask(STEP)
    assert client.ask("bs") == "T05thread:1;"


@pytest.mark.parametrize("way", ["bs", "bc"])
def test_a_way_back_that_goes_otherwise_is_told(
    start: Start, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    def otherwise(_timeline: Timeline, *_arguments: object) -> NoReturn:
        raise UsageError("the way back went otherwise")

    client, run = start()
    break_at(client, at(run, "on_svc"))
    with monkeypatch.context() as patch:
        for name in ("step_back", "run_back"):
            patch.setattr(Timeline, name, otherwise)
        assert client.ask(way) == "T05thread:1;replaylog:begin;"
    assert "the way back went otherwise" in client.shown
    client.ask("D")
    assert run.join() == "exit"


def test_snapshots_outlive_changes(start: Start, elf: Path, hook: str) -> None:
    client, run = start()
    break_at(client, at(run, "on_svc"))
    client.ask(STEP)
    assert client.monitor("snapshot here").startswith("snapshot here: cycle ")
    before = client.ask("g"), client.monitor("cycles").split(";")[0]
    break_at(client, at(run, "recurse"))
    client.ask(f"M{at(run, 'calls'):x},4:05000000")
    assert client.monitor("restore here").startswith("restored here: cycle ")
    assert (client.ask("g"), client.monitor("cycles").split(";")[0]) == before
    assert "there is no snapshot other (there are: here)" in client.monitor("restore other")
    client.ask("D")
    assert run.join() == "exit" and state(run.machine) == undisturbed(elf, hook)


def test_monitor_tells(start: Start) -> None:
    client, run = start()
    break_at(client, at(run, "on_tick"))
    assert "in the handler of exception 15" in client.monitor("where")
    assert " on_tick+0x0" in client.monitor("where")
    assert "(exception entry and exit)" in client.monitor("profile")
    client.monitor("profile restart")
    assert "nothing has run since" in client.monitor("profile")
    assert client.monitor("nothing").startswith("there is no `monitor nothing`")
    assert client.monitor("he").startswith("monitor cycles") and client.monitor("").startswith(
        "monitor cycles"
    )


def test_reading_a_device_takes_nothing_from_it(start: Start, elf: Path, hook: str) -> None:
    client, run = start()
    break_at(client, at(run, "scale"))
    for _ in range(3):
        assert client.ask(f"m{UART:x},10") == client.ask(f"m{UART:x},10")
        assert client.ask("me000e010,10") == client.ask("me000e010,10")
    assert len(client.ask("me000ed00,4")) == 8
    client.ask("D")
    assert run.join() == "exit" and state(run.machine) == undisturbed(elf, hook)
    assert run.machine.unmodelled == []


def test_control_c_stops_a_firmware_that_runs_and_one_that_idles(
    tmp_path: Path, hook: str, start: Start
) -> None:
    for body in ("for (;;) sink++;", '__asm__("cpsid i"); for (;;) __asm__("wfi");'):
        elf = build(tmp_path, f"volatile u32 sink; void main(void) {{ {body} }}")
        client, run = start(loaded(elf, hook), limits=Limits(wall_limit_s=60))
        client.send(b"\x03")  # of a core that stands: nothing
        client.send(b"$vCont;c#a8")
        time.sleep(0.1)
        client.send(b"\x03")
        assert client.receive() == "T02thread:1;"
        assert "main" in client.monitor("where")
        assert client.ask("vKill;1") == "OK"
        assert run.join() == "interrupted"


def test_a_crash_stops_and_then_ends(tmp_path: Path, hook: str, start: Start) -> None:
    elf = build(tmp_path, "void main(void) { *(volatile u32 *)0x90000000 = 1; }")
    client, run = start(loaded(elf, hook))
    assert client.ask(CONTINUE) == "T0bthread:1;"
    assert "0x90000000" in client.shown and " on_hard_fault" in client.monitor("where")
    assert client.ask("bs") == "T05thread:1;"
    assert client.ask(CONTINUE) == "T0bthread:1;"
    assert client.ask(CONTINUE) == "X0f"
    assert "0x90000000" in run.join()


def test_gdb_goes_and_comes(start: Start, elf: Path, hook: str) -> None:
    client, run = start()
    break_at(client, at(run, "recurse"))
    client.ask(f"Z1,{at(run, 'recurse'):x},2")
    client.close()  # lost: the run goes on, its breakpoints are gone
    assert run.join() == "exit" and state(run.machine) == undisturbed(elf, hook)


def test_limits_hold(start: Start) -> None:
    client, run = start(limits=Limits(max_cycles=5000, wall_limit_s=60))
    assert client.ask(CONTINUE) == "W00"
    assert run.join() == "max_cycles" and 5000 <= run.machine.counts.cycles < 5100
    client, run = start(limits=Limits(wall_limit_s=0.2))
    assert client.receive() == "W00" and run.join() == "wall_limit"
