/* RP2350: 150 MHz from the crystal of 12 MHz through PLL_SYS, UART0 on GP0 and GP1, TIMER0 of microseconds; the DWT
   counts cycles. The boot ROM needs an image definition: rp2350_image.S. */
#include "board.h"

#define SET 0x2000u
#define CLEAR 0x3000u
#define CLOCKS 0x40010000u
#define RESETS 0x40020000u
#define IO_BANK0 0x40028000u
#define PADS_BANK0 0x40038000u
#define XOSC 0x40048000u
#define PLL_SYS 0x40050000u
#define UART0 0x40070000u
#define TIMER 0x400B0000u
#define QMI 0x400D0000u
#define TICKS 0x40108000u

#define CLK_REF (CLOCKS + 0x30)
#define CLK_SYS (CLOCKS + 0x3C)
#define CLK_PERI (CLOCKS + 0x48)

static void release(uint32_t blocks)
{
    REG(RESETS + CLEAR) = blocks;
    wait_set(RESETS + 8, blocks);
}

void clock_up(void)
{
    REG(XOSC) = 0xAA0;
    REG(XOSC + 0x0C) = 47; /* 1 ms */
    REG(XOSC + SET) = 0xFABu << 12;
    wait_set(XOSC + 4, BIT(31));
    REG(CLK_REF) = 2;
    wait_set(CLK_REF + 8, BIT(2));
    REG(CLK_SYS) = 0;
    wait_set(CLK_SYS + 8, BIT(0));
    release(BIT(14));
    REG(PLL_SYS + 0x00) = 1;
    REG(PLL_SYS + 0x08) = 125;                      /* 12 MHz * 125 = 1500 MHz */
    REG(PLL_SYS + CLEAR + 0x04) = BIT(0) | BIT(5);
    wait_set(PLL_SYS, BIT(31));
    REG(PLL_SYS + 0x0C) = 5u << 16 | 2u << 12;      /* / 10 */
    REG(PLL_SYS + CLEAR + 0x04) = BIT(3);
    REG(CLK_SYS) = 0u << 5;
    REG(CLK_SYS) = 0u << 5 | 1;
    wait_set(CLK_SYS + 8, BIT(1));
    REG(CLK_PERI) = BIT(11);
    REG(QMI + 0x0C) = BIT(30) | BIT(8) | 2;         /* flash at 75 MHz, where the boot ROM left a third */
    REG(TICKS + 0x1C) = 12; /* TIMER0: a tick a microsecond */
    REG(TICKS + 0x18) = 1;
}

void console_open(void)
{
    const uint32_t divisor = (8u * 150000000u / CONSOLE_BAUD + 1) / 2; /* in 1/64 of 16 bit clocks */
    release(BIT(6) | BIT(9) | BIT(26));
    REG(PADS_BANK0 + CLEAR + 0x04) = BIT(8); /* no isolation */
    REG(PADS_BANK0 + CLEAR + 0x08) = BIT(8);
    REG(IO_BANK0 + 0x04) = 2;
    REG(IO_BANK0 + 0x0C) = 2;
    REG(UART0 + 0x24) = divisor / 64;
    REG(UART0 + 0x28) = divisor % 64;
    REG(UART0 + 0x2C) = 3u << 5 | BIT(4);
    REG(UART0 + 0x30) = BIT(0) | BIT(8) | BIT(9);
}

void console_put(char c)
{
    while (REG(UART0 + 0x18) & BIT(5)) {
    }
    REG(UART0) = (uint8_t)c;
}

void console_listen(void)
{
    REG(UART0 + 0x34) = 0; /* at an eighth, or when nothing follows */
    REG(UART0 + 0x38) = BIT(4) | BIT(6);
}

void console_take(void (*received)(uint8_t byte))
{
    while (!(REG(UART0 + 0x18) & BIT(4))) {
        received((uint8_t)REG(UART0));
    }
}

void timer_open(void)
{
    release(BIT(23));
}

void timer_wait_1ms(void)
{
    const uint32_t begin = REG(TIMER + 0x28); /* from the beginning of a microsecond on */
    uint32_t first;
    do {
        first = REG(TIMER + 0x28);
    } while (first == begin);
    while (REG(TIMER + 0x28) - first < 1000) {
    }
}

void time_open(void)
{
    release(BIT(23));
    REG(TIMER + 0x10) = 0; /* alarm 0 at the wrap of the low word */
    REG(TIMER + 0x40) = BIT(0);
}

uint32_t time_count(void)
{
    return REG(TIMER + 0x28);
}

int time_wrapped(void)
{
    return (REG(TIMER + 0x3C) & BIT(0)) != 0;
}

void time_acknowledge(void)
{
    REG(TIMER + 0x3C) = BIT(0);
    REG(TIMER + 0x10) = 0;
    (void)REG(TIMER + 0x3C);
}

#include "cycles_dwt.h"
