/* nRF52 and nRF53: one console, UARTE, one timer, TIMER, at the addresses that the including file gives. */
#pragma once
#include "board.h"

#define TASK(device, offset) (REG((device) + (offset)) = 1)

static uint8_t sending[1] __attribute__((aligned(4)));
static uint8_t receiving[2] __attribute__((aligned(4)));

#define BIT_CLOCKS ((16000000u + CONSOLE_BAUD / 2) / CONSOLE_BAUD) /* of 16 MHz */

void console_open(void)
{
    REG(CONSOLE + 0x50C) = TX_PIN; /* PSEL.TXD, PSEL.RXD */
    REG(CONSOLE + 0x514) = RX_PIN;
    REG(CONSOLE + 0x524) = (uint32_t)(4294967296ull / BIT_CLOCKS);
    REG(CONSOLE + 0x56C) = 0;
    REG(CONSOLE + 0x500) = 8; /* UARTE */
}

void console_put(char c)
{
    sending[0] = (uint8_t)c;
    REG(CONSOLE + 0x120) = 0; /* ENDTX */
    REG(CONSOLE + 0x544) = (uint32_t)sending;
    REG(CONSOLE + 0x548) = 1;
    TASK(CONSOLE, 0x08); /* STARTTX */
    wait_set(CONSOLE + 0x120, 1);
}

void console_listen(void)
{
    REG(CONSOLE + 0x200) = BIT(5); /* ENDRX_STARTRX */
    REG(CONSOLE + 0x534) = (uint32_t)receiving;
    REG(CONSOLE + 0x538) = 1;
    REG(CONSOLE + 0x304) = BIT(4); /* ENDRX */
    TASK(CONSOLE, 0x00);
}

void console_take(void (*received)(uint8_t byte))
{
    REG(CONSOLE + 0x110) = 0;
    (void)REG(CONSOLE + 0x110);
    received(receiving[0]);
}

void timer_open(void)
{
    TASK(TIMER, 0x04);
    REG(TIMER + 0x504) = 0;
    REG(TIMER + 0x508) = 3; /* 32 bits */
    REG(TIMER + 0x510) = 4; /* 16 MHz / 16 */
    REG(TIMER + 0x540) = 1000;
    REG(TIMER + 0x200) = BIT(8); /* COMPARE0_STOP */
}

void timer_wait_1ms(void)
{
    REG(TIMER + 0x140) = 0;
    TASK(TIMER, 0x0C); /* CLEAR, START */
    TASK(TIMER, 0x00);
    wait_set(TIMER + 0x140, 1);
}

void time_open(void)
{
    timer_open();
    REG(TIMER + 0x200) = 0;
    REG(TIMER + 0x540) = 0; /* when 32 bits are full */
    TASK(TIMER, 0x0C);
    TASK(TIMER, 0x00);
    REG(TIMER + 0x140) = 0;
    REG(TIMER + 0x304) = BIT(16);
}

uint32_t time_count(void)
{
    TASK(TIMER, 0x44); /* CAPTURE1 */
    return REG(TIMER + 0x544);
}

int time_wrapped(void)
{
    return (REG(TIMER + 0x140) & 1) != 0;
}

void time_acknowledge(void)
{
    REG(TIMER + 0x140) = 0;
    (void)REG(TIMER + 0x140);
}
