/* nRF5340's application core: 128 MHz from HFXO with the cache on, UARTE0, TIMER0, at their secure addresses. */
#include "cycles_dwt.h"

#define CACHE 0x50001000u
#define CLOCK 0x50005000u
#define REGULATORS 0x50004000u
#define CONSOLE 0x50008000u
#define TIMER 0x5000F000u
#define TX_PIN 20u /* P0.20, P0.22 */
#define RX_PIN 22u

#include "nrf.h"

void clock_up(void)
{
    REG(REGULATORS + 0x704) = 1; /* VREGMAIN.DCDCEN */
    REG(CACHE + 0x500) = 1;      /* ENABLE */
    REG(CLOCK + 0x558) = 0;      /* HFCLKCTRL: 128 MHz */
    REG(CLOCK + 0x514) = 1;      /* HFCLKSRC: HFXO */
    REG(CLOCK + 0x100) = 0;
    TASK(CLOCK, 0x00);
    wait_set(CLOCK + 0x100, 1);
    REG(CLOCK + 0x518) = 2;      /* LFCLK from the crystal */
    REG(CLOCK + 0x104) = 0;
    TASK(CLOCK, 0x08);
    wait_set(CLOCK + 0x104, 1);
}
