"""Firmware that talks by RTT, written after the layout alone: channels are rings in RAM."""

from __future__ import annotations

RTT = r"""
typedef struct { const char *name; char *buffer; u32 size; volatile u32 write, read; u32 flags; } Ring;
struct Block { volatile char id[16]; u32 ups, downs; Ring up[3], down[3]; };
#ifndef BLOCK
#define BLOCK _SEGGER_RTT
#endif
struct Block BLOCK;
char up_buffer[3][64], down_buffer[3][16];
static const char *const names[3] = {"Terminal", "second", "third"};
static void open_rtt(struct Block *block, u32 flags)
{
    for (int i = 0; i < 16; i++) block->id[i] = 0;
    block->ups = block->downs = 3;
    for (int i = 0; i < 3; i++) {
        block->up[i] = (Ring){names[i], up_buffer[i], 64, 0, 0, flags};
        block->down[i] = (Ring){names[i], down_buffer[i], 16, 0, 0, 0};
    }
    static const char reversed[] = "TTR REGGES";
    for (int i = 9; i >= 0; i--) block->id[9 - i] = reversed[i];
}
static int rtt_put(Ring *ring, char c) /* 0: there was no room */
{
    u32 next = ring->write + 1 == ring->size ? 0 : ring->write + 1;
    while (next == ring->read)
        if (ring->flags != 2) return 0;
    ring->buffer[ring->write] = c;
    ring->write = next;
    return 1;
}
static void rtt_print(int channel, const char *text) { while (*text) rtt_put(&BLOCK.up[channel], *text++); }
static int rtt_get(int channel) /* -1: nothing */
{
    Ring *ring = &BLOCK.down[channel];
    if (ring->read == ring->write) return -1;
    int c = ring->buffer[ring->read];
    ring->read = ring->read + 1 == ring->size ? 0 : ring->read + 1;
    return c;
}
"""
ECHO = (
    RTT
    + r"""
void main(void)
{
    open_rtt(&BLOCK, FLAGS);
    rtt_print(0, "ready\n");
    rtt_print(1, "\x01\xff frames\n");
    for (;;) {
        int c = rtt_get(0);
        if (c >= 0) rtt_put(&BLOCK.up[0], (char)(c ^ 0x20));
    }
}
"""
)
LONG = (
    RTT
    + r"""
void main(void)
{
    open_rtt(&BLOCK, FLAGS);
    for (int line = 0; line < 40; line++) {
        rtt_print(0, "line ");
        rtt_put(&BLOCK.up[0], (char)('0' + line / 10));
        rtt_put(&BLOCK.up[0], (char)('0' + line % 10));
        rtt_print(0, "\n");
    }
    rtt_print(1, "done");
    for (;;) ;
}
"""
)
