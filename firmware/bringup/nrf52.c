/* nRF52: 64 MHz from HFXO with the instruction cache on, UARTE0, TIMER0. */
#include "cycles_dwt.h"

#define CLOCK 0x40000000u
#define NVMC 0x4001E000u
#define CONSOLE 0x40002000u
#define TIMER 0x40008000u
#if defined(ARDUINO_NANO)
#define TX_PIN 35u /* P1.03, P1.10 */
#define RX_PIN 42u
#else
#define TX_PIN 6u /* P0.06, P0.08 */
#define RX_PIN 8u
#endif

#include "nrf.h"

void clock_up(void)
{
    REG(CLOCK + 0x578) = 1;   /* DCDCEN */
    REG(NVMC + 0x540) = 1;    /* ICACHECNF */
    REG(CLOCK + 0x100) = 0;   /* HFCLKSTARTED */
    TASK(CLOCK, 0x00);
    wait_set(CLOCK + 0x100, 1);
    wait_set(CLOCK + 0x40C, BIT(16) | 1u); /* HFCLKSTAT: HFXO runs */
    REG(CLOCK + 0x518) = 1;   /* LFCLK from the crystal */
    REG(CLOCK + 0x104) = 0;
    TASK(CLOCK, 0x08);
    wait_set(CLOCK + 0x104, 1);
}
