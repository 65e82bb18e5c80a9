"""A real gdb-multiarch drives the commands: what its users see."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.debugger.debugged import INPUT, PATIENCE_S, firmware
from tests.machine.firmware import build

PORT = re.compile(r"gdb: target remote 127\.0\.0\.1:(\d+)")
RTOS = r"""
/* What a debugger looks at of FreeRTOS, with a context switch of its port for a Cortex-M3. */
typedef struct item { u32 value; struct item *next, *previous; void *owner, *container; } item;
typedef struct { u32 count; item *index; u32 value; item *next, *previous; } list;
typedef struct { volatile u32 *top; item state, event; u32 priority; u32 *stack; char name[16]; } task;
task tasks[2]; u32 stacks[2][128];
task *volatile pxCurrentTCB; volatile u32 uxCurrentNumberOfTasks; list pxReadyTasksLists[2];
static void add(list *to, task *t) {
    item *end = (item *)&to->value;
    t->state.next = t->state.previous = end; t->state.owner = t;
    to->count = 1; to->index = end; to->value = ~0u; to->next = to->previous = &t->state;
}
__attribute__((naked, used)) void on_switch(void) {
    __asm__("mrs r0, psp\n stmdb r0!, {r4-r11}\n ldr r3, =pxCurrentTCB\n ldr r2, [r3]\n str r0, [r2]\n"
            "ldr r1, =tasks\n cmp r2, r1\n it eq\n addeq r1, #68\n str r1, [r3]\n ldr r0, [r1]\n"
            "ldmia r0!, {r4-r11}\n msr psp, r0\n bx lr\n .pool");
}
__attribute__((naked, used)) void on_first(void) {
    __asm__("ldr r3, =pxCurrentTCB\n ldr r1, [r3]\n ldr r0, [r1]\n adds r0, #32\n msr psp, r0\n"
            "ldr lr, =0xFFFFFFFD\n bx lr\n .pool");
}
__attribute__((noinline)) void yield(void) { REG(0xE000ED04) = 1u << 28; __asm__("dsb\n isb"); }
__attribute__((noinline, used)) void blink(void) { for (;;) yield(); }
__attribute__((noinline, used)) void talk(void) { for (;;) { yield(); put('.'); } }
static void make(u32 n, void (*function)(void), const char *name) {
    volatile u32 *top = &stacks[n][128];
    top[-1] = 1u << 24; top[-2] = (u32)function; top[-3] = 0;
    tasks[n].top = top - 16; tasks[n].priority = n; tasks[n].stack = stacks[n];
    for (u32 i = 0; name[i]; i++) tasks[n].name[i] = name[i];
    add(&pxReadyTasksLists[n], &tasks[n]);
}
const void *const handlers[16] __attribute__((aligned(256))) = {
    &_stack_top, start, on_hard_fault, on_hard_fault, on_hard_fault, on_hard_fault, on_hard_fault, 0, 0, 0, 0,
    on_first, 0, 0, on_switch, on_hard_fault};
void main(void) {
    REG(0xE000ED08) = (u32)handlers;
    make(0, blink, "blink"); make(1, talk, "talk");
    pxCurrentTCB = &tasks[0]; uxCurrentNumberOfTasks = 2;
    __asm__("svc 0");
}
"""


@dataclass(slots=True)
class Shown:
    """What a GDB showed, and how the run that it debugged ended."""

    gdb: str
    console: bytes
    errors: str
    exit_code: int


def debug(gdb: str, elf: Path, script: Sequence[str], *options: str, command: str = "run") -> Shown:
    run = subprocess.Popen(
        [sys.executable, "-m", "boardless", command, str(elf), "--board", "virtual-m4", "--gdb", "0",
         "--wall-limit", str(PATIENCE_S), *options],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert run.stderr is not None and run.stdin is not None
    run.stdin.write(INPUT)
    run.stdin.flush()
    told = ""
    while (found := PORT.search(told)) is None:
        line = run.stderr.readline().decode()
        assert line, told
        told += line
    words = [gdb, "-nx", "-q", "-batch", str(elf), "-ex", "set width 0"]
    for line in (f"target remote :{found[1]}", *script):
        words += ["-ex", line]
    shown = subprocess.run(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    if command == "serve":
        run.send_signal(signal.SIGINT)
    console, errors = run.communicate(timeout=PATIENCE_S)
    return Shown(shown.stdout, console, told + errors.decode(), run.returncode)


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return firmware(tmp_path_factory.mktemp("debugged"), asks=False)


@pytest.mark.parametrize("hook", ["native", "python"])
def test_a_session_leaves_the_figures_as_they_are(gdb: str, elf: Path, tmp_path: Path, hook: str) -> None:
    """Breakpoints, steps, finish, watchpoints with values, back and forth, then to the end."""
    script = [
        "break clamp", "continue", "backtrace", "stepi", "stepi", "stepi", "next", "finish", "delete",
        "watch calls", "continue", "reverse-continue", "delete", "rwatch woken", "continue", "delete",
        "tbreak on_tick", "continue", "tbreak on_pendsv", "continue", "backtrace", "info registers",
        "print $d0", "print $msp",
        "monitor profile", "reverse-stepi", "reverse-stepi", "stepi", "monitor cycles", "monitor where",
        "info threads", "x/2i $pc", "x/4xw 0xE000E010", "continue",
    ]  # fmt: skip
    file, plain = tmp_path / "debugged.json", tmp_path / "plain.json"
    shown = debug(gdb, elf, script, "--hook", hook, "--json", str(file))
    said = shown.gdb
    assert re.search(r"Breakpoint 1, clamp \(n=n@entry=\d+\)|Breakpoint 1, clamp \(n=\d+\)", said), said
    assert " in main ()" in said and "Value returned is " in said, said
    assert re.search(r"Hardware watchpoint \d: calls\n\nOld value = 0\nNew value = 1\n", said), said
    assert re.search(r"Hardware watchpoint \d: calls\n\nOld value = 1\nNew value = 0\n", said), said
    assert re.search(r"Hardware read watchpoint \d: woken\n\nValue = \d+\n", said), said
    assert "<signal handler called>" in said and "(exception entry and exit)" in said
    assert "[Inferior 1 (Remote target) exited normally]" in said
    assert (shown.exit_code, shown.console) == (0, b"go\r\n012345\r\n"), shown.errors
    words = ["run", str(elf), "--board", "virtual-m4", "--hook", hook, "--json", str(plain)]
    subprocess.run([sys.executable, "-m", "boardless", *words], input=INPUT, capture_output=True, check=True)
    reports = [json.loads(each.read_text()) for each in (file, plain)]
    assert [each["cycles"] for each in reports] == [reports[1]["cycles"]] * 2
    assert [each["instructions"] for each in reports] == [reports[1]["instructions"]] * 2


def test_changes_and_calls(gdb: str, elf: Path) -> None:
    script = ["tbreak clamp", "continue", "print clamp(4)", "print clamp(40)", "print scale(4)",
              "set var results[3] = 77", "print results[3]", "print $r0 = 5", "finish",
              "compare-sections .text", "info mem", "load", "monitor reset", "kill"]  # fmt: skip
    shown = debug(gdb, elf, script)
    for expected in ("$1 = 5", "$2 = 9", "$3 = 6", "$4 = 77", "$5 = 5", "Value returned is", "matched.",
                     "Transfer rate", "reset: the core stands at"):  # fmt: skip
        assert expected in shown.gdb, shown.gdb
    assert re.search(r"0x00000000\s+0x[0-9a-f]+\s+flash blocksize 0x400", shown.gdb), shown.gdb
    assert shown.exit_code == 130 and "interrupted" in shown.errors


def test_threads_of_an_rtos(gdb: str, tmp_path: Path) -> None:
    elf = build(tmp_path, RTOS, "rtos", "cortex-m3")
    shown = debug(gdb, elf, ["tbreak put", "continue", "info threads", "thread 3", "backtrace 3", "kill"])
    assert re.search(r"\* \d +Thread \d+ \"talk\" \(running, priority 1\)", shown.gdb), shown.gdb
    assert re.search(r" \d +Thread \d+ \"blink\" \(ready, priority 0\)", shown.gdb), shown.gdb
    assert re.search(r"#0 .*yield \(\).*\n#1 .* blink \(\)", shown.gdb), shown.gdb


def test_serve_boots_and_gdb_comes_and_goes(gdb: str, tmp_path: Path) -> None:
    elf = build(
        tmp_path,
        'volatile u32 turns; void main(void) { print("up"); for (;;) { put((char)get()); turns++; } }',
    )
    shown = debug(gdb, elf, ["print turns", "backtrace", "detach"], "--serial", "tcp:0", command="serve")
    assert "$1 = 0" in shown.gdb and re.search(r"#0 .*(get|main) \(\)", shown.gdb), shown.gdb
    assert b"ready: virtual-m4 on tcp" in shown.console and shown.exit_code == 0, shown.errors


def test_what_excludes_gdb_and_bad_addresses_are_told(elf: Path) -> None:
    for command, options, told in (
        ("serve", ["--gdb", "0", "--energy"], "--gdb and --energy exclude each other"),
        ("serve", ["--gdb", "0", "--pace", "realtime"], "--gdb and --pace realtime exclude each other"),
        ("run", ["--gdb", "x"], "--gdb 'x': 'x' is no port number (0 to 65535)"),
        ("run", ["--gdb", "no.such.host.invalid:0"], "can't listen for GDB there"),
    ):
        words = [sys.executable, "-m", "boardless", command, str(elf), "--board", "virtual-m4", *options]
        ended = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        assert ended.returncode == 2 and told in ended.stderr and "Traceback" not in ended.stderr, (
            ended.stderr
        )
