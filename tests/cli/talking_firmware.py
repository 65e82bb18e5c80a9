"""A small firmware for the command line's tests: talks, crashes and ends itself on command."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

SOURCE = r"""
#include <stdint.h>
#define REG(a) (*(volatile uint32_t *)(a))
#define LPUART1 0x40008000u
#define USART3 0x40004800u
#ifndef UART
#define UART LPUART1 /* where it talks; with USART3 the board's console stays silent */
#endif
#define GPIOF 0x48001400u
#ifndef BAUD
#define BAUD 115200u
#endif

static void open_uart(uint32_t uart)
{
    REG(0x4002105C) |= 1;        /* RCC_APB1ENR2.LPUART1EN */
    REG(0x40021058) |= 1u << 18; /* RCC_APB1ENR1.USART3EN */
    REG(uart + 0x0C) = (uart == LPUART1 ? 256u : 1u) * 4000000u / BAUD;
    REG(uart) = 0xD; /* UE, RE, TE */
}

static void print_on(uint32_t uart, const char *text)
{
    while (*text) {
        while (!(REG(uart + 0x1C) & 0x80)) {
        }
        REG(uart + 0x28) = (uint8_t)*text++;
    }
}

static void print(const char *text)
{
    print_on(UART, text);
}

static void drain(void) /* until the last bit is out */
{
    while (!(REG(UART + 0x1C) & 0x40)) {
    }
}

static int get(void)
{
    while (!(REG(UART + 0x1C) & 0x20)) {
    }
    return (int)(REG(UART + 0x24) & 0xFF);
}

static void leave(int code)
{
    uint32_t block[2] = {0x20026, (uint32_t)code};
    register uint32_t r0 __asm__("r0") = 0x20;
    register void *r1 __asm__("r1") = block;
    __asm__ volatile("bkpt 0xAB" : : "r"(r0), "r"(r1) : "memory");
}

__attribute__((noinline)) void crash_here(volatile uint32_t *address)
{
    *address = 1;
}

__attribute__((noinline)) int recurse_forever(volatile int *above)
{
    volatile int here[64];
    here[0] = *above;
    return recurse_forever(here) + here[0];
}

static void work(void)
{
    for (volatile int i = 0; i < 300000; i++) {
    }
}

static void pulse(void) /* the time stamp of energy mode */
{
    REG(GPIOF + 0x18) = 1u << 29;
    REG(GPIOF + 0x18) = 1u << 13;
}

static void trace(const char *text, uint32_t control) /* to ITM port 0 */
{
    REG(0xE000EDFC) |= 1u << 24;  /* DEMCR.TRCENA */
    REG(0xE0000FB0) = 0xC5ACCE55; /* ITM_LAR */
    REG(0xE0000E80) = control;    /* ITM_TCR */
    REG(0xE0000E00) = 1;          /* ITM_TER */
    while (*text) {
        while (!(REG(0xE0000000) & 1)) {
        }
        *(volatile uint8_t *)0xE0000000 = (uint8_t)*text++;
    }
}

int main(void)
{
#ifdef TRACE
    trace("booting\r\n", 1);
#endif
    open_uart(UART);
    REG(GPIOF) = 0xFFFFFFFFu & ~(2u << 26); /* PF13 is an output, and high */
    REG(GPIOF + 0x18) = 1u << 13;
    print("hello\r\nm-ready\r\n");
    for (;;) {
        char command[32];
        unsigned n = 0;
        int c;
        while ((c = get()) != '%') {
            if (n < sizeof command - 1) {
                command[n++] = (char)c;
            }
        }
        command[n] = 0;
        switch (command[0]) {
        case 'n': print("m-name-dut-[test]\r\n"); break;
        case 'c': crash_here((volatile uint32_t *)0xC0000000u); break;
        case 'j': ((void (*)(void))0x70000001)(); break;
        case 's': recurse_forever(&c); break;
        case 'x': leave(command[1] - '0'); break;
        case 'p': print("PASS: all 12 tests"); leave(0); break;
        case 'u': REG(0x5F000010) = 1; break;
        case 'i': pulse(); work(); pulse(); print("m-infer-done\r\n"); break;
        case 'w': work(); print("worked\r\n"); break;
        case 't': print("before "); drain(); trace("traced\r\nhalf", 1); print("after\r\n"); break;
        case 'o': open_uart(USART3); print_on(USART3, "elsewhere\r\n"); break;
        case 'q': trace("not enabled\r\n", 0); break;
        case 'l': for (volatile int i = 0;; i++) { } break;
        default: print("e-[Unknown command]\r\n"); break;
        }
        print("m-ready\r\n");
    }
}

extern uint32_t stack_top;
void reset(void) { main(); }
void fault(void) { for (;;) { } }
__attribute__((section(".isr_vector"), used)) const void *const vectors[16] = {
    &stack_top, reset, fault, fault, fault, fault, fault};
"""
LINKER = """\
MEMORY { FLASH : ORIGIN = 0x08000000, LENGTH = 2M
         RAM : ORIGIN = 0x20000000, LENGTH = 64K }
stack_top = ORIGIN(RAM) + LENGTH(RAM);
ENTRY(reset)
SECTIONS {
  .isr_vector : { KEEP(*(.isr_vector)) } > FLASH
  .text : { *(.text*) *(.rodata*) } > FLASH
}
"""


def build(folder: Path, *, baud: int = 115200, trace: bool = False, uart: str = "LPUART1") -> Path:
    """Compile it to an ELF; ``trace``: it tells the ITM that it boots; ``uart``: where it talks."""
    (folder / "talk.c").write_text(SOURCE)
    (folder / "talk.ld").write_text(LINKER)
    command = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-Og", "-g", "-ffreestanding", "-nostdlib"]
    subprocess.run(
        [
            *command,
            f"-DBAUD={baud}u",
            f"-DUART={uart}",
            *(["-DTRACE"] if trace else []),
            "-T",
            "talk.ld",
            "talk.c",
            "-o",
            "talk.elf",
        ],
        cwd=folder,
        check=True,
    )
    return folder / "talk.elf"


def command_line(*arguments: str | Path) -> list[str]:
    """``boardless ARGUMENTS...`` with this Python."""
    return [sys.executable, "-m", "emulator.cli.main", *map(str, arguments)]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``boardless ARGUMENTS...`` in a folder, with no input, to its end."""
    return subprocess.run(
        command_line(*arguments), cwd=folder, capture_output=True, text=True, timeout=60, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def code_block(page: str, language: str) -> str:
    """The first block of a page's code in a language."""
    found = re.search(rf"^```{language}\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    assert found is not None
    return found.group(1)


def start(*arguments: str | Path) -> subprocess.Popen[bytes]:
    """``boardless ARGUMENTS...`` in the background, with no input and its two outputs piped.

    The pipes are unbuffered: ``communicate`` reads past a buffer, so that what ``readline`` had taken
    with its line would be lost.
    """
    return subprocess.Popen(
        command_line(*arguments), bufsize=0, cwd=ROOT, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
