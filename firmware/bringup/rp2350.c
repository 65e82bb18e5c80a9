/* RP2350: 150 MHz from the crystal of 12 MHz through PLL_SYS, UART0 on GP0 and GP1, TIMER0 of microseconds; the DWT
   counts cycles. The boot ROM needs an image definition: rp2350_image.S. */
#include "board.h"

#define CLOCKS 0x40010000u
#define RESETS 0x40020000u
#define IO_BANK0 0x40028000u
#define PADS_BANK0_CLEAR 0x4003B000u /* clears the bits that are written */
#define XOSC 0x40048000u
#define PLL_SYS 0x40050000u
#define UART0 0x40070000u
#define TIMER 0x400B0000u
#define QMI 0x400D0000u
#define TICKS 0x40108000u
#define PLL_BLOCK BIT(14)
#define CONSOLE_BLOCKS (BIT(6) | BIT(9) | BIT(26))
#define TIMER_BLOCK BIT(23)
#define TIMER_INTERRUPT (TIMER + 0x3C)
#define PLL_DIVIDER 5u

static inline void rest_of_clock_up(void)
{
    REG(QMI + 0x0C) = BIT(30) | BIT(8) | 2; /* flash at 75 MHz, where the boot ROM left a third */
    REG(TICKS + 0x1C) = 12;                 /* TIMER0: a tick a microsecond */
    REG(TICKS + 0x18) = 1;
}

static inline void pads_up(void)
{
    REG(PADS_BANK0_CLEAR + 0x04) = BIT(8); /* no isolation */
    REG(PADS_BANK0_CLEAR + 0x08) = BIT(8);
}

#include "raspberrypi.h"
#include "cycles_dwt.h"
