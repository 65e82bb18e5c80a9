/* SAM D51: 120 MHz from DPLL0, which multiplies a generator of 2 MHz, SERCOM3 on PA22 and PA23 at 48 MHz, TC0 with
   TC1 as a counter of 32 bits of microseconds, the cache on; DWT counts cycles. */
#include "board.h"

#define MCLK_APBAMASK 0x40000814u
#define MCLK_APBBMASK 0x40000818u
#define DPLL0CTRLA 0x40001030u
#define DPLL0RATIO 0x40001034u
#define DPLL0CTRLB 0x40001038u
#define DPLL0SYNCBUSY 0x4000103Cu
#define DPLL0STATUS 0x40001040u
#define GCLK_SYNCBUSY 0x40001C04u
#define GENCTRL(number) (0x40001C20u + 4 * (number))
#define PCHCTRL(number) (0x40001C80u + 4 * (number))
#define CMCC_CTRL 0x41006008u
#define PORT_A 0x41008000u
#define SERCOM3 0x41014000u
#define TC0 0x40003800u
#define BYTE(address) (*(volatile uint8_t *)(address))
#define HALF(address) (*(volatile uint16_t *)(address))

#define SOURCE_DFLL 6u
#define SOURCE_DPLL0 7u
#define GENERATOR_ON BIT(8)
#define CLOCK_ON BIT(6)
#define DPLL0_CLOCK 1u
#define TC0_CLOCK 9u
#define SERCOM3_CLOCK 24u
#define CORE 0u /* the generators */
#define MEGAHERTZ_48 1u
#define MEGAHERTZ_2 2u
#define MICROSECONDS 3u

static void wait_clear(uint32_t address, uint32_t mask)
{
    while (REG(address) & mask) {
    }
}

static void generator(uint32_t number, uint32_t source, uint32_t divider)
{
    REG(GENCTRL(number)) = divider << 16 | GENERATOR_ON | source;
    wait_clear(GCLK_SYNCBUSY, BIT(2 + number));
}

static void clock_of(uint32_t channel, uint32_t number)
{
    REG(PCHCTRL(channel)) = CLOCK_ON | number;
    wait_set(PCHCTRL(channel), CLOCK_ON);
}

void clock_up(void)
{
    REG(CMCC_CTRL) = 1;
    generator(MEGAHERTZ_48, SOURCE_DFLL, 1);
    generator(MEGAHERTZ_2, SOURCE_DFLL, 24);
    generator(MICROSECONDS, SOURCE_DFLL, 48);
    clock_of(DPLL0_CLOCK, MEGAHERTZ_2);
    REG(DPLL0RATIO) = 59; /* 60 times */
    wait_clear(DPLL0SYNCBUSY, BIT(2));
    REG(DPLL0CTRLB) = 0; /* its generator */
    BYTE(DPLL0CTRLA) = 1u << 1;
    wait_clear(DPLL0SYNCBUSY, BIT(1));
    wait_set(DPLL0STATUS, 3u);
    generator(CORE, SOURCE_DPLL0, 1);
}

void console_open(void)
{
    REG(MCLK_APBBMASK) |= BIT(10);
    clock_of(SERCOM3_CLOCK, MEGAHERTZ_48);
    BYTE(PORT_A + 0x40 + 22) = 1;
    BYTE(PORT_A + 0x40 + 23) = 1;
    BYTE(PORT_A + 0x30 + 11) = 0x22; /* both as function C */
    HALF(SERCOM3 + 0x0C) = (uint16_t)(65536 - (uint32_t)(65536ull * 16 * CONSOLE_BAUD / 48000000));
    REG(SERCOM3 + 0x04) = BIT(16) | BIT(17);
    REG(SERCOM3 + 0x00) = BIT(30) | 1u << 20 | 1u << 2 | BIT(1); /* LSB first, pads 1 and 0 */
    wait_clear(SERCOM3 + 0x1C, BIT(1));
}

void console_put(char c)
{
    while (!(BYTE(SERCOM3 + 0x18) & 1)) {
    }
    REG(SERCOM3 + 0x28) = (uint8_t)c;
}

void console_listen(void)
{
    BYTE(SERCOM3 + 0x16) = 1u << 2;
}

void console_take(void (*received)(uint8_t byte))
{
    while (BYTE(SERCOM3 + 0x18) & 1u << 2) {
        received((uint8_t)REG(SERCOM3 + 0x28));
    }
}

static void count(void)
{
    REG(TC0) = 2u << 2 | 1u << 1; /* 32 bits */
    wait_clear(TC0 + 0x10, BIT(1));
    BYTE(TC0 + 5) = 1u << 5; /* from 0 on */
    wait_clear(TC0 + 0x10, BIT(2));
}

static uint32_t counted(void)
{
    BYTE(TC0 + 5) = 4u << 5; /* READSYNC */
    wait_clear(TC0 + 0x10, BIT(2) | BIT(4));
    return REG(TC0 + 0x14);
}

void timer_open(void)
{
    REG(MCLK_APBAMASK) |= BIT(14) | BIT(15);
    clock_of(TC0_CLOCK, MICROSECONDS);
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
    BYTE(TC0 + 9) = 1; /* OVF */
    count();
}

uint32_t time_count(void)
{
    return counted();
}

int time_wrapped(void)
{
    return BYTE(TC0 + 0x0A) & 1;
}

void time_acknowledge(void)
{
    BYTE(TC0 + 0x0A) = 1;
}

#include "cycles_dwt.h"
