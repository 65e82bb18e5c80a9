/* RP2040: 125 MHz from the crystal of 12 MHz through PLL_SYS, UART0 on GP0 and GP1, the timer of microseconds;
   SysTick counts cycles. The boot ROM needs a second stage: rp2040_stage2.S. */
#include "board.h"

#define CLOCKS 0x40008000u
#define RESETS 0x4000C000u
#define IO_BANK0 0x40014000u
#define XOSC 0x40024000u
#define PLL_SYS 0x40028000u
#define UART0 0x40034000u
#define TIMER 0x40054000u
#define WATCHDOG 0x40058000u
#define PLL_BLOCK BIT(12)
#define CONSOLE_BLOCKS (BIT(5) | BIT(8) | BIT(22))
#define TIMER_BLOCK BIT(21)
#define TIMER_INTERRUPT (TIMER + 0x34)
#define PLL_DIVIDER 6u

static inline void rest_of_clock_up(void)
{
    REG(WATCHDOG + 0x2C) = 12 | BIT(9); /* a tick a microsecond */
}

static inline void pads_up(void)
{
}

#include "raspberrypi.h"
#include "cycles_systick.h"
