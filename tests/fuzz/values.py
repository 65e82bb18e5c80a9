"""Values for options and arguments, right ones and odd ones, by the type that the command gives them."""

from __future__ import annotations

from random import Random

import click

from emulator.cli.parameter_types import (
    Address,
    BoardName,
    ConsoleText,
    FileAtAddress,
    InputFile,
    InputFileOrFolder,
    InputFolder,
    LinkPath,
    OutputPlace,
    OutputTarget,
    Seconds,
)
from tests.cli.commands import Walked

from .mutations import NUMBERS, ODD_TEXTS

SMALL_COUNTS = ("1", "2", "3")
ODD_COUNTS = (
    "0", "-1", "-0", "", " ", "x", "0x10", "1e3", "1.5", "1_0", "\uff11", "9" * 30, "9" * 5000, str(1 << 63),
)  # fmt: skip
ODD_SECONDS = ("0", "-1", "nan", "inf", "-inf", "1e999", "1e-999", "", "x", "0x1", "1e10", "1_0.5")
ADDRESSES = ("0x08000000", "0x20000000", "0", "1", "0x08000001", "0xE000ED00", "4294967295", "0o20", "0b1")
ODD_ADDRESSES = ("-1", "0x100000000", "0x", "", "main", "08000000", "1.0", "0x08000000 ", "\u0661")
TEXTS = {  # options of plain text: right and nearly right values
    "--serial": ("stdio", "pty", "tcp:0", "rfc2217:0", "tcp:", "tcp:x", "tcp:70000", "tcp:-1", "tcp:[::1]:0",
                 "tcp:no.such.host.invalid:0", "rfc2217:127.0.0.1:0", "usb", "PTY", "stdio:", "pty:1",
                 "tcp:[:0",
                 "tcp:192.0.2.1:0", "tcp:0:0", ":0", "tcp:\u0660"),
    "--gdb": ("0", "127.0.0.1:0", "[::1]:0", "", ":", "x", "70000", "-1", "no.such.host.invalid:0", "0:0:0",
              "[:0", "192.0.2.1:0", "\u0660", "0x0"),
    "--console": ("rtt", "rtt:1", "rtt:16", "itm", "itm:31", "itm:32", "semihosting", "none", "none:0",
                  "rtt:", "lpuart1", "rcc", "RTT", ":", "rtt:\u0661"),
    "--usb": ("0483:374B", "0x0483:0x374b", "1:2", "00000:1", "0483", ":", "g:h", "0483:374B:1", "-1:1"),
    "--device": ("dut=/dev/null", "dut=", "=x", "dut", "a=b:0483:374B", "a=socket://127.0.0.1:1",
                 "a=socket://:1", "a=socket://[::1:1", "a=http://x:1", "a=socket://127.0.0.1:99999",
                 "a=b:c:d"),
    "--function": ("main", "reset", "0x08000040", "0x08000041", "nothing", "-1", "main+4", "*", "0x"),
    "--callers": ("main", "Eval", "0x08000200", "nothing", "*", ""),
    "--callees": ("main", "Eval", "0x08000200", "nothing", "*", ""),
    "--annotate": ("main", "Eval", "0x08000200", "nothing", "*", "["),
    "--bsp": ("nucleo-l4r5zi", "mps2-an386", "virtual-m0plus", "none", "", "../mps2-an386"),
    "--what-if": ("flash.wait_states=2", "flash.wait_states=", "flash.wait_states=-1",
                  "flash.wait_states=99999",
                  "icache.size=8K", "icache.size=0", "icache.ways=0", "icache.line_bytes=3", "nothing.x=1",
                  "=",
                  "flash=1", "flash.wait_states=2=3", "flash.read_bytes=0", "flash.read_bytes=7",
                  "flash.wait_states=1e9", "flash.line_bytes=0", "flash.prefetch=2",
                  "flash.instruction_lines=0",
                  "flash.wait_states=18446744073709551616"),
    "--clock": ("80MHz", "80", "0", "0Hz", "-80MHz", "1e99MHz", "nanMHz", "infMHz", "80 MHz", "80mhz", "1Hz",
                "99999GHz", "MHz", "1.5kHz"),
    "benchmarks": ("kws", "vww", "ic", "ad", "none", "KWS", ""),
    "command": ("true", "false"),
}  # fmt: skip
WORK = {"count", "repeat", "repetitions", "inferences", "jobs", "samples"}
"""Numbers of these options are amounts of work: a large one takes as long as it was asked to."""


def value_for(item: Walked, random: Random, folder: str) -> str:
    """A value for one parameter; files and outputs lie in ``folder`` and nowhere else."""
    kind = item.parameter.type
    if isinstance(kind, click.Choice):
        choices = [str(choice) for choice in kind.choices]
        if item.words != ("run",) and "python" in choices:
            choices.remove("python")  # the slow hook: a whole benchmark takes minutes with it
        return random.choice((*choices, choices[0].upper(), "", "none", "x" * 200))
    if isinstance(kind, Seconds):
        return random.choice(("0.1", "0.3", "0.5", *ODD_SECONDS))
    if isinstance(kind, Address):
        return random.choice(ADDRESSES + ODD_ADDRESSES)
    if isinstance(kind, click.types.IntParamType):
        if item.parameter.name in WORK or (item.words == ("explain",) and item.option == "--max-cycles"):
            return random.choice(SMALL_COUNTS * 2 + ODD_COUNTS)
        return random.choice((*SMALL_COUNTS, "100", "100000", *ODD_COUNTS, *map(str, NUMBERS)))
    if isinstance(kind, (OutputTarget, OutputPlace, LinkPath)):
        return _output(random, folder)
    if isinstance(kind, (InputFile, InputFileOrFolder, InputFolder, BoardName)):
        return _input(random, folder)
    if isinstance(kind, FileAtAddress):
        return _input(random, folder) + random.choice(
            ("", "@", "@" + random.choice(ADDRESSES + ODD_ADDRESSES))
        )
    if isinstance(kind, ConsoleText):
        return random.choice(("m-ready", "hello", "h", "\n", "", "never said", "ü", "\udce9", "m-name"))
    texts = TEXTS.get(item.option, TEXTS.get(str(item.parameter.name), ()))
    return random.choice((*texts, *texts, *(t for t in ODD_TEXTS if "\0" not in t)))


def _output(random: Random, folder: str) -> str:
    """A target inside ``folder``, or one that must be refused; never a bare name elsewhere."""
    return random.choice(
        (f"{folder}/new.out", f"{folder}/new.out", f"{folder}/old.out", folder, f"{folder}/none/new.out",
         f"{folder}/old.out/below", f"{folder}/fifo", "/dev/full", "/proc/self/new.out",
         f"{folder}/{'n' * 300}",
         f"{folder}/caf\udce9.out", f"{folder}/link.out", f"{folder}/loop")
    )  # fmt: skip


def _input(random: Random, folder: str) -> str:
    return random.choice(
        (f"{folder}/none", folder, "/dev/null", "/dev/zero", f"{folder}/fifo", f"{folder}/empty",
         f"{folder}/random.bin", f"{folder}/loop", "nucleo-l4r5zi", "virtual-m0", "x", "",
         f"{folder}/old.out",
         f"{folder}/{'n' * 300}", "/proc/self/mem", "kws", f"{folder}/random.toml")
    )  # fmt: skip
