/* SAM D21: 48 MHz from the DFLL in open loop, SERCOM5 on PB22 and PB23, TC4 with TC5 as a counter of 32 bits of
   microseconds; SysTick counts cycles. */
#include "board.h"

#define PM_APBCMASK 0x40000420u
#define PCLKSR 0x4000080Cu
#define DFLLCTRL 0x40000824u
#define DFLLVAL 0x40000828u
#define GCLK 0x40000C00u
#define NVM_CTRLB 0x41004004u
#define PORT_B 0x41004480u
#define SERCOM5 0x42001C00u
#define TC4 0x42003000u
#define COARSE_CALIBRATION 0x00806024u
#define BYTE(address) (*(volatile uint8_t *)(address))
#define HALF(address) (*(volatile uint16_t *)(address))

#define SOURCE_DFLL 7u
#define GENERATOR_ON BIT(16)
#define CLOCK_ON (1u << 14)
#define SERCOM5_CLOCK 0x19u
#define TC4_CLOCK 0x1Cu
#define MICROSECONDS 3u /* the generator */

static void synchronize(void)
{
    while (BYTE(GCLK + 1) & 0x80) {
    }
}

static void generator(uint32_t number, uint32_t divider)
{
    REG(GCLK + 8) = number | divider << 8;
    synchronize();
    REG(GCLK + 4) = number | SOURCE_DFLL << 8 | GENERATOR_ON;
    synchronize();
}

void clock_up(void)
{
    REG(NVM_CTRLB) = BIT(7) | 1u << 1; /* one wait state up to 48 MHz; pages are written by hand */
    HALF(DFLLCTRL) = 1u << 1;
    wait_set(PCLKSR, BIT(4));
    REG(DFLLVAL) = (REG(COARSE_CALIBRATION) >> 26) << 10 | 512;
    wait_set(PCLKSR, BIT(4));
    generator(0, 1);
    generator(MICROSECONDS, 48);
}

void console_open(void)
{
    REG(PM_APBCMASK) |= BIT(7);
    HALF(GCLK + 2) = SERCOM5_CLOCK | CLOCK_ON;
    synchronize();
    BYTE(PORT_B + 0x40 + 22) = 1;
    BYTE(PORT_B + 0x40 + 23) = 1;
    BYTE(PORT_B + 0x30 + 11) = 0x33; /* both as function D */
    HALF(SERCOM5 + 0x0C) = (uint16_t)(65536 - (uint32_t)(65536ull * 16 * CONSOLE_BAUD / 48000000));
    REG(SERCOM5 + 0x04) = BIT(16) | BIT(17);
    REG(SERCOM5 + 0x00) = BIT(30) | 3u << 20 | 1u << 16 | 1u << 2 | BIT(1); /* LSB first, pads 3 and 2 */
}

void console_put(char c)
{
    while (!(BYTE(SERCOM5 + 0x18) & 1)) {
    }
    HALF(SERCOM5 + 0x28) = (uint8_t)c;
}

void console_listen(void)
{
    BYTE(SERCOM5 + 0x16) = 1u << 2;
}

void console_take(void (*received)(uint8_t byte))
{
    while (BYTE(SERCOM5 + 0x18) & 1u << 2) {
        received((uint8_t)HALF(SERCOM5 + 0x28));
    }
}

static void count(void)
{
    HALF(TC4) = 2u << 2 | 1u << 1; /* 32 bits */
    BYTE(TC4 + 5) = 1u << 6;       /* from 0 on */
}

static uint32_t counted(void)
{
    HALF(TC4 + 2) = 1u << 15 | 0x10; /* READREQ: COUNT */
    while (BYTE(TC4 + 0x0F) & 0x80) {
    }
    return REG(TC4 + 0x10);
}

void timer_open(void)
{
    REG(PM_APBCMASK) |= BIT(12) | BIT(13);
    HALF(GCLK + 2) = TC4_CLOCK | CLOCK_ON | MICROSECONDS << 8;
    synchronize();
}

void timer_wait_1ms(void)
{
    count();
    while (counted() < 1000) {
    }
}

void time_open(void)
{
    timer_open();
    BYTE(TC4 + 0x0D) = 1; /* OVF */
    count();
}

uint32_t time_count(void)
{
    return counted();
}

int time_wrapped(void)
{
    return BYTE(TC4 + 0x0E) & 1;
}

void time_acknowledge(void)
{
    BYTE(TC4 + 0x0E) = 1;
}

#include "cycles_systick.h"
