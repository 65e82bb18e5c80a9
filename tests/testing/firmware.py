"""Firmware that a test can talk to: a letter is a command."""

from __future__ import annotations

from pathlib import Path

from tests.machine.firmware import build

BOARD = "virtual-m4"
BUTTON = 6
"""The interrupt of ``on_button``."""
SOURCE = r"""
#define GPIO 0x40010000u
volatile u32 hits, boots, canary;
volatile unsigned short samples[4];
volatile unsigned char small[3];
double precise;
void on_button(void) { hits++; print("button\n"); }
__attribute__((aligned(256))) const void *const table[16 + 8] = {
    [1] = start, [2] = on_hard_fault, [3] = on_hard_fault, [15] = on_systick, [16 + 6] = on_button};
__attribute__((noinline)) int add(int a, int b) { return a + b; }
__attribute__((naked, noinline)) int hold(int x)
{
    __asm__("push {r4, lr}; mov r4, r0; movs r0, #200; 1: subs r0, #1; bne 1b; mov r0, r4; pop {r4, pc}");
}
__attribute__((noinline)) void deep(int n)
{
    volatile char room[64];
    room[0] = (char)n;
    if (n) deep(n - 1);
    room[1] = 0;
}
__attribute__((noinline)) void work(void) { for (u32 i = 0; i < 1000; i++) { canary += i; } }
__attribute__((noinline)) void crash(void) { *(volatile u32 *)0x90000000u = 1; }
static void print_hex(u32 value)
{
    for (int shift = 28; shift >= 0; shift -= 4) put("0123456789abcdef"[value >> shift & 15]);
}
void main(void)
{
    REG(0xE000ED08u) = (u32)table;
    REG(0xE000E100u) = 1u << 6;
    REG(GPIO + 0x10) = 1;
    print("boot\n");
    boots++;
    for (volatile int i = 0; i < 20000; i++) { }
    print("ready\n");
    for (;;) {
        int c = get();
        if (c == 'n') print("name tester-1\n");
        else if (c == 'b') { print("boots "); print_hex(boots); print("\n"); }
        else if (c == 'p') { REG(GPIO + 4) ^= 1; print("pin\n"); }
        else if (c == 'i') print(REG(GPIO) & 1u << 5 ? "high\n" : "low\n");
        else if (c == 'w') { work(); print("worked\n"); }
        else if (c == 'd') { deep(5); print("dived\n"); }
        else if (c == 'q') { REG(UART + 0x2010u) = 217; REG(UART + 0x2008u) = 1; REG(UART + 0x2000u) = 'Q'; }
        else if (c == 'c') crash();
        else { print("what? "); print_hex((u32)c); print("\n"); }
    }
}
"""


def build_talker(folder: Path) -> Path:
    """The ELF."""
    return build(folder, SOURCE, "talker")
