"""Firmware that talks by SEGGER RTT alone: a greeting, then each letter it hears in capitals."""

from __future__ import annotations

from pathlib import Path

from tests.machine.firmware import build

SOURCE = r"""
typedef struct {
    const char *name; char *buffer; unsigned size; volatile unsigned write, read; unsigned flags;
} Ring;
struct { char id[16]; unsigned ups, downs; Ring up, down; } _SEGGER_RTT;
char out[64], in[16];
static void say(char c)
{
    Ring *up = &_SEGGER_RTT.up;
    unsigned next = (up->write + 1) % up->size;
    while (next == up->read) { }
    ((volatile char *)up->buffer)[up->write] = c;
    up->write = next;
}
__attribute__((section(".text.startup"))) void main(void)
{
    static const char reversed[] = "TTR REGGES";
    _SEGGER_RTT.up = (Ring){"Terminal", out, sizeof out, 0, 0, 0};
    _SEGGER_RTT.down = (Ring){"Terminal", in, sizeof in, 0, 0, 0};
    _SEGGER_RTT.ups = _SEGGER_RTT.downs = 1;
    for (int i = 0; i < 10; i++) ((volatile char *)_SEGGER_RTT.id)[9 - i] = reversed[i];
    for (const char *c = "hello by RTT\n"; *c; c++) say(*c);
    for (Ring *down = &_SEGGER_RTT.down;;) {
        if (down->read == down->write) continue;
        char c = ((volatile char *)down->buffer)[down->read];
        down->read = (down->read + 1) % down->size;
        say(c & ~32);
    }
}
"""


def build_rtt(folder: Path) -> Path:
    """``rtt.elf`` for virtual-m4, its code from 0x1000 on."""
    return build(folder, SOURCE, name="rtt", places={".text :": ".text 0x1000 :"})
