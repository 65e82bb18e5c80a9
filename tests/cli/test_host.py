"""``boardless host``: host software that knows nothing of us finds our ports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from talking_firmware import start
from test_serve import Serving

from benches.cli.host_run import parse_device
from benches.virtual_ports import environment_with_hook, install_hook
from emulator.errors import UsageError
from emulator.files import OutputFile
from emulator.links.virtual_port import VirtualPort, parse_usb, read_ports, write_ports

LISTS_AND_ASKS = """
import json, serial, sys
from serial.tools import list_ports
found = {}
for info in list_ports.comports(True):
    if info.vid != 0x483:
        continue
    with serial.Serial(info.device, 115200, timeout=10) as port:
        port.write(b"name%")
        answer = port.read_until(b"m-ready").decode()
    found[f"{info.vid:04x}:{info.pid:04x}"] = [info.description, info.serial_number, info.hwid, answer]
print(json.dumps(found))
sys.exit(7)
"""


def test_boots_an_image_and_runs_the_command(boardless, firmware):
    done = boardless("host", "--image", firmware, "--", sys.executable, "-c", LISTS_AND_ASKS)
    assert done.returncode == 7, done.stderr
    description, number, hardware, answer = json.loads(done.stdout)["0483:374b"]
    assert description == "Boardless simulated device (nucleo-l4r5zi)"
    assert number in hardware and "VID:PID=0483:374B" in hardware
    assert answer == "m-name-dut-[test]\r\nm-ready"
    assert "imulated and unofficial" in done.stderr


def test_several_devices_each_on_its_own_port(boardless, firmware):
    images = ["--image", firmware, "--usb", "0483:374b", "--image", firmware, "--usb", "0483:374e"]
    done = boardless("host", *images, "--", sys.executable, "-c", LISTS_AND_ASKS)
    found = json.loads(done.stdout)
    assert set(found) == {"0483:374b", "0483:374e"}
    assert all(entry[3].startswith("m-name-dut-[test]") for entry in found.values())


def test_a_port_behind_tcp_becomes_a_path(boardless, firmware):
    with Serving(firmware, "--serial", "tcp:0") as serving:
        device = f"dut=socket://{serving.port}:0483:374b"
        for _ in range(2):  # the port is still good for the next host
            done = boardless("host", "--device", device, "--", sys.executable, "-c", LISTS_AND_ASKS)
            found = json.loads(done.stdout)
            assert found["0483:374b"][3] == "m-name-dut-[test]\r\nm-ready"


def test_a_list_that_serve_wrote(boardless, firmware, tmp_path):
    with Serving(firmware, "--ports", tmp_path / "ports.json"):
        done = boardless(
            "host",
            "--ports",
            tmp_path / "ports.json",
            "--",
            sys.executable,
            "-m",
            "serial.tools.list_ports",
            "-v",
        )
    assert "Boardless simulated device" in done.stdout


def test_nothing_stays_behind_when_it_is_told_to_end(firmware, tmp_path):
    mark = tmp_path / "command"
    program = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    process = start("host", "--image", firmware, "--", sys.executable, "-c", program)
    assert process.stderr
    port = Path(process.stderr.readline().decode().split()[-1])
    while not (mark.exists() and mark.read_text()):
        time.sleep(0.02)
    assert port.exists()
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 128 + 15
    assert not port.exists()
    end = time.monotonic() + 5
    while Path(f"/proc/{mark.read_text()}").exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert not Path(f"/proc/{mark.read_text()}").exists()


def test_a_device_that_crashes_is_named(boardless, firmware):
    ask = LISTS_AND_ASKS.replace("name%", "crash%")
    program = f"import time\ntry:\n    exec({ask!r})\nexcept Exception:\n    time.sleep(2)\n"
    done = boardless("host", "--image", firmware, "--", sys.executable, "-c", program)
    assert "crash_here" in done.stderr
    assert f"gone before the command ended (with exit code 3): {firmware}" in done.stderr


def run_with_hook(folder: Path, program: str, **more: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment_with_hook(folder, {**os.environ, **more}),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_a_port_that_is_gone_is_not_listed(tmp_path):
    install_hook(tmp_path, [VirtualPort("dut", str(tmp_path / "gone"), 0x483, 0x374B)])
    program = (
        "from serial.tools.list_ports import comports as c; print([p.device for p in c() if p.vid == 0x483])"
    )
    assert run_with_hook(tmp_path, program) == "[]"
    (tmp_path / "gone").touch()
    assert run_with_hook(tmp_path, program) == str([str(tmp_path / "gone")])


def test_the_hook_stands_in_front_of_another_sitecustomize(tmp_path):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder in (ours, theirs):
        folder.mkdir()
    install_hook(ours, [])
    (theirs / "sitecustomize.py").write_text("import sys; sys.theirs_ran = True\n")
    program = "import sys; print(sys.theirs_ran, 'serial' in sys.modules)"
    assert run_with_hook(ours, program, PYTHONPATH=str(theirs)) == "True False"


def test_pyusb_without_libusb_finds_nothing(tmp_path):
    ours, package = tmp_path / "ours", tmp_path / "theirs" / "usb"
    ours.mkdir()
    package.mkdir(parents=True)
    install_hook(ours, [])
    (package / "__init__.py").touch()
    (package / "core.py").write_text(
        "class NoBackendError(ValueError): pass\n"
        "def find(find_all=False, backend=None, **args): raise NoBackendError('no libusb')\n"
    )
    program = "import usb.core; print(list(usb.core.find(find_all=True)), usb.core.find(idVendor=1))"
    assert run_with_hook(ours, program, PYTHONPATH=str(package.parent)) == "[] None"


@pytest.mark.parametrize(
    ("text", "device", "ids"),
    [
        ("dut=/dev/ttyV0:0483:374b", "/dev/ttyV0", (0x483, 0x374B)),
        ("dut=/dev/ttyV0", "/dev/ttyV0", (0x483, 0x374B)),
        ("dut=/dev/serial/a:b:0x2341:0x0043", "/dev/serial/a:b", (0x2341, 0x43)),
        ("dut=socket://127.0.0.1:5000", "socket://127.0.0.1:5000", (0x483, 0x374B)),
        ("dut=socket://127.0.0.1:5000:1:2", "socket://127.0.0.1:5000", (1, 2)),
    ],
)
def test_parse_device(text, device, ids):
    port = parse_device(text)
    assert (port.device, (port.vid, port.pid)) == (device, ids)


def test_port_lists_are_read_back_and_checked(tmp_path):
    ports = (VirtualPort("a", "/dev/a"), VirtualPort("b", "/dev/b", 1, 2, "s", "d"))
    write_ports(OutputFile(tmp_path / "ports.json"), ports)
    assert read_ports(tmp_path / "ports.json") == ports
    (tmp_path / "ports.json").write_text("[]")
    with pytest.raises(UsageError, match="is no port list"):
        read_ports(tmp_path / "ports.json")
    with pytest.raises(UsageError, match="no USB id"):
        parse_usb("ST-LINK")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--", "true"],
        ["--device", "dut", "--", "true"],
        ["--device", "dut=socket://nowhere", "--", "true"],
        ["--device", "dut=/dev/null", "--", "/no/such/command"],
        ["--image", __file__, "--", "true"],
    ],
)
def test_usage(boardless, arguments):
    done = boardless("host", *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "change",
    [
        {"device": 3}, {"device": ""}, {"device": None}, {"device": ["a"]}, {"name": 1}, {"description": {}},
        {"vid": "0483"}, {"vid": -1}, {"pid": 1 << 16}, {"pid": True}, {"serial_number": 5},
        {"colour": "red"}, {"device": "a\0b"},
    ],
)  # fmt: skip
def test_a_list_of_odd_ports_is_refused(boardless, tmp_path, change):
    port = {"name": "a", "device": "/dev/null", "vid": 1, "pid": 2, **change}
    (tmp_path / "ports.json").write_text(json.dumps({"ports": [port]}))
    done = boardless("host", "--ports", tmp_path / "ports.json", "true")
    assert done.returncode == 2, done.stderr
    assert "is no port list" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "url",
    ["socket://127.0.0.1:1x", "socket://127.0.0.1:70000", "socket://127.0.0.1", "socket://:1", "socket://[::1:1",
     "http://127.0.0.1:1", "socket://127.0.0.1:0", "socket://127.0.0.1:-1"],
)  # fmt: skip
def test_an_address_that_is_none(boardless, url):
    done = boardless("host", "--device", f"dut={url}", "true")
    assert done.returncode == 2
    assert "is no socket://HOST:PORT" in done.stderr


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a" * 64 + ".invalid", "a..b"])
def test_a_host_that_does_not_exist(boardless, host):
    done = boardless("host", "--device", f"dut=socket://{host}:1", "true")
    assert done.returncode == 2, done.stderr
    assert "nobody answers" in done.stderr
    assert "Traceback" not in done.stderr
