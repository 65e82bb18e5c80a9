"""A small streaming firmware: it hears loud frames, through SAI and DMA; and WAV files for it."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Collection
from pathlib import Path

SOURCE = r"""
#include <stdint.h>
#define REG(a) (*(volatile uint32_t *)(a))
#define UART 0x40008000u
#define GPIOB 0x48000400u
#define GPIOE 0x48001000u
#define SAI_A 0x40015404u
#define DMA 0x40020000u
#ifndef WORK
#define WORK 2000
#endif
#ifndef MODEL
#define MODEL "sww01"
#endif
#ifndef PROCESSING
#define PROCESSING 9u
#endif

static int16_t buffers[2][1024];
static volatile int filled;
static int next, running, first;

static void print(const char *text)
{
    while (*text) {
        while (!(REG(UART + 0x1C) & 0x80)) {
        }
        REG(UART + 0x28) = (uint8_t)*text++;
    }
}

static void arm(void)
{
    REG(DMA + 0x08) = 0;
    REG(DMA + 0x0C) = 1024;
    REG(DMA + 0x10) = SAI_A + 0x1C;
    REG(DMA + 0x14) = (uint32_t)buffers[next];
    REG(DMA + 0x08) = 0x583;
}

void on_dma(void)
{
    REG(DMA + 0x04) = 1;
    filled = next;
    next ^= 1;
    arm();
}

static void work_on(const int16_t *samples)
{
    int loudest = 0;
    REG(GPIOE + 0x18) = 1u << PROCESSING;
    for (int i = 0; i < 1024; i += 2) {
        int level = samples[i] < 0 ? -samples[i] : samples[i];
        loudest = level > loudest ? level : loudest;
    }
    for (volatile int i = 0; i < WORK; i++) {
    }
    if (loudest > 10000 || first) {
        REG(GPIOB + 0x18) = 1u << 24;
        REG(GPIOB + 0x18) = 1u << 8;
    }
    first = 0;
    REG(GPIOE + 0x18) = 1u << (16 + PROCESSING);
}

static void start_listening(void)
{
    REG(GPIOE + 0x18) = 1u << PROCESSING; /* a marker */
    REG(GPIOE + 0x18) = 1u << (16 + PROCESSING);
    running = first = 1;
    next = 0;
    filled = -1;
    arm();
#ifndef DEAF
    REG(SAI_A + 0x08) = 0x50F1F;
    REG(SAI_A + 0x0C) = 0xFFFF0140;
    REG(SAI_A) = 0x83 | 1u << 17;
    REG(SAI_A) |= 1u << 16;
#endif
}

static void stop_listening(void)
{
    running = 0;
    REG(SAI_A) &= ~(1u << 16);
    while (REG(SAI_A) & 1u << 16) {
    }
    REG(SAI_A) &= ~(1u << 17);
    REG(DMA + 0x08) = 0;
    REG(SAI_A + 0x04) = 8;
}

static int equal(const char *one, const char *other)
{
    while (*one && *one == *other) {
        one++;
        other++;
    }
    return *one == *other;
}

static void obey(const char *command)
{
    print("Received command: ");
    print(command);
    print("\r\n");
    if (equal(command, "name")) {
        print("m-name-dut-[test]\r\n");
    } else if (equal(command, "profile")) {
        print("m-profile-[test]\r\nm-model-[" MODEL "]\r\n");
    } else if (equal(command, "start")) {
        start_listening();
        print("DMA receive initiated.\r\n");
    } else if (equal(command, "stop")) {
        stop_listening();
        print("Streaming stopped.\r\n");
    }
    print("m-ready\r\n");
}

int main(void)
{
    static char command[32];
    unsigned n = 0;
    REG(0x4002105C) |= 1;
    REG(UART + 0x0C) = 256u * 4000000u / 115200u;
    REG(UART) = 0xD;
    REG(GPIOE) = 0xFFFFFFFFu & ~(2u << 2 * PROCESSING);
    REG(GPIOB + 0x18) = 1u << 8;
    REG(GPIOB) = 0xFFFFFEBFu & ~(2u << 16);
    REG(0x40020800) = 36;
    REG(0xE000E100) = 1u << 11;
    REG(0xE000E108) = 1u << 6;
    filled = -1;
    print("m-ready\r\n");
    for (;;) {
        __asm__ volatile("cpsid i");
        REG(UART) = 0x2D; /* UE, RE, TE, RXNEIE: a character wakes the core */
        if (filled < 0 && !(REG(UART + 0x1C) & 0x20)) {
            __asm__ volatile("wfi");
        }
        __asm__ volatile("cpsie i");
        if (filled >= 0) {
            int buffer = filled;
            filled = -1;
            if (running) {
                work_on(buffers[buffer]);
            }
        }
        while (REG(UART + 0x1C) & 0x20) {
            char c = (char)REG(UART + 0x24);
            if (c != '%') {
                command[n++ % sizeof command] = c;
            } else {
                command[n] = 0;
                n = 0;
                obey(command);
            }
        }
    }
}
"""
"""What the handlers do is little: main sleeps with interrupts masked, and looks at both sources."""


def build(folder: Path, name: str = "streaming", **defines: object) -> Path:
    """Compile it for nucleo-l4r5zi."""
    source, image = folder / f"{name}.c", folder / f"{name}.elf"
    source.write_text(SOURCE + VECTORS)
    script = folder / "streaming.ld"
    script.write_text(LINKER)
    words = [f"-D{key}={value}" for key, value in defines.items()]
    subprocess.run(
        ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-O1", "-ffreestanding", "-nostdlib", "-g",
         *words, "-T", str(script), str(source), "-o", str(image)],
        check=True,
    )  # fmt: skip
    return image


VECTORS = r"""
extern uint32_t _stack_top;
static void on_fault(void)
{
    for (;;) {
    }
}
static void on_character(void)
{
    REG(UART) = 0xD; /* main polls until it has slept again */
}
__attribute__((section(".vectors"), used)) const void *const vectors[16 + 75] = {
    [0] = &_stack_top, [1] = main, [2 ... 15] = on_fault, [16 + 11] = on_dma, [16 + 70] = on_character};
"""
LINKER = """
SECTIONS {
  .vectors 0x08000000 : { KEEP(*(.vectors)) }
  .text : { *(.text*) *(.rodata*) }
  .data 0x20000000 (NOLOAD) : { *(.data*) *(.bss*) *(COMMON) }
  _stack_top = 0x20010000;
}
"""


def write_wave(path: Path, frames: int, loud: Collection[int] = ()) -> Path:
    """A WAV file of whole frames of 512 samples, quiet but for the ``loud`` ones."""
    data = b"".join(
        struct.pack("<hh", *[(20000 if n in loud else 100) * (1 if i % 8 < 4 else -1)] * 2)
        for n in range(frames)
        for i in range(512)
    )
    form = struct.pack("<IHHIIHH", 16, 1, 2, 16000, 64000, 4, 16)
    header = struct.pack("<4sI8s", b"RIFF", 36 + len(data), b"WAVEfmt ") + form
    header += struct.pack("<4sI", b"data", len(data))
    path.write_bytes(header + data)
    return path
