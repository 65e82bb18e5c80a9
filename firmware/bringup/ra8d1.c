/* RA8D1: 480 MHz from the crystal of 20 MHz through PLL1, GPT0 with 30 counts a microsecond, the console on SCI9
   (PA14, PA15) from 120 MHz, both caches; DWT counts cycles. */
#ifndef TIME_BITS
#define TIME_BITS 27 /* the counter begins again after 2^27 microseconds */
#endif
#include "board.h"

#define SYSTEM 0x4001E000u
#define SCKDIVCR (SYSTEM + 0x20)
#define SCKDIVCR2 (SYSTEM + 0x24)
#define SCKSCR (SYSTEM + 0x26)
#define PLLCCR (SYSTEM + 0x28)
#define PLLCR (SYSTEM + 0x2A)
#define MOSCCR (SYSTEM + 0x32)
#define OSCSF (SYSTEM + 0x3C)
#define PLLCCR2 (SYSTEM + 0x4C)
#define SCICKDIVCR (SYSTEM + 0x54)
#define SCICKCR (SYSTEM + 0x55)
#define PRCR (SYSTEM + 0x3FA)
#define FLWT 0x4001C11Cu
#define SRAMPRCR 0x40002000u
#define SRAMWTSC 0x40002008u
#define MSTPCRB 0x40203004u
#define MSTPCRE 0x40203010u
#define PA14PFS (0x40400800u + 0x40 * 10 + 4 * 14)
#define PA15PFS (PA14PFS + 4)
#define PWPRS 0x40400D14u
#define SCI9 0x40358900u
#define GPT0 0x40322000u
#define IELSR(number) (0x4000C300u + 4 * (number))
#define BYTE(address) (*(volatile uint8_t *)(address))
#define HALF(address) (*(volatile uint16_t *)(address))

#define MOSC_STABLE (1u << 3)
#define PLL_STABLE (1u << 5)
#define PLL1P 5u
#define SCI9_RXI 0x163u
#define GPT0_OVERFLOW 0x0A7u
#define REQUESTED BIT(16)
#define COUNTS_A_MICROSECOND 30u
#define TCFPO BIT(6)

#define SCB_CCR 0xE000ED14u
#define CCR_DC BIT(16) /* a Cortex-M85 empties both caches at reset (Arm 101924) */
#define CCR_IC BIT(17)
#define CCR_LOB BIT(19)

static void wait_flag(uint8_t flag)
{
    while (!(BYTE(OSCSF) & flag)) {
    }
}

void clock_up(void)
{
    HALF(PRCR) = 0xA503; /* clocks, and what stops modules */
    BYTE(FLWT) = 4;
    HALF(SRAMPRCR) = 0xA501;
    BYTE(SRAMWTSC) = 1;
    BYTE(MOSCCR) = 0;
    wait_flag(MOSC_STABLE);
    BYTE(PLLCR) = 1;
    HALF(PLLCCR) = 95u << 8 | 1; /* 20 MHz / 2 * 96 */
    HALF(PLLCCR2) = 1;           /* P: / 2 */
    BYTE(PLLCR) = 0;
    wait_flag(PLL_STABLE);
    /* FCLK and PCLKB, C 60 MHz, ICLK and PCLKE 240, BCLK, PCLKA, D 120 */
    REG(SCKDIVCR) = 3u << 28 | 1u << 24 | 1u << 20 | 2u << 16 | 2u << 12 | 3u << 8 | 3u << 4 | 2u;
    BYTE(SCKDIVCR2) = 0;
    BYTE(SCKSCR) = PLL1P;
    BYTE(SCICKCR) = 1u << 6;
    while (!(BYTE(SCICKCR) & 1u << 7)) {
    }
    BYTE(SCICKDIVCR) = 2; /* / 4 */
    BYTE(SCICKCR) = 1u << 6 | PLL1P;
    BYTE(SCICKCR) = PLL1P;
    while (BYTE(SCICKCR) & 1u << 7) {
    }
    REG(SCB_CCR) |= CCR_DC | CCR_IC | CCR_LOB;
    __asm volatile("dsb\n\tisb" ::: "memory");
}

void console_open(void)
{
    REG(MSTPCRB) &= ~BIT(22);
    BYTE(PWPRS) = 0;
    BYTE(PWPRS) = 1u << 6;
    REG(PA14PFS) = 5u << 24 | BIT(16);
    REG(PA15PFS) = 5u << 24 | BIT(16);
    REG(SCI9 + 0x08) = 0;
    REG(SCI9 + 0x14) = 0x1202; /* asynchronous, 8 bits, LSB first */
    REG(SCI9 + 0x10) = 0xFF000000u | ((120000000u / 16 + CONSOLE_BAUD / 2) / CONSOLE_BAUD - 1) << 8 | BIT(4);
    REG(SCI9 + 0x08) = BIT(0) | BIT(4);
}

void console_put(char c)
{
    while (!(REG(SCI9 + 0x48) & BIT(29))) {
    }
    REG(SCI9 + 0x04) = (uint8_t)c;
}

void console_listen(void)
{
    REG(IELSR(1)) = SCI9_RXI;
    REG(SCI9 + 0x08) |= BIT(16);
}

void console_take(void (*received)(uint8_t byte))
{
    REG(IELSR(1)) = SCI9_RXI; /* the request is cleared */
    while (REG(SCI9 + 0x48) & BIT(31)) {
        received((uint8_t)REG(SCI9));
    }
}

static void count_to(uint32_t microseconds)
{
    REG(MSTPCRE) &= ~BIT(31);
    REG(GPT0 + 0x00) = 0xA500;
    REG(GPT0 + 0x10) = BIT(31); /* started, stopped and cleared by software */
    REG(GPT0 + 0x14) = BIT(31);
    REG(GPT0 + 0x18) = BIT(31);
    REG(GPT0 + 0x08) = 1;
    REG(GPT0 + 0x0C) = 1;
    REG(GPT0 + 0x2C) = 2u << 23; /* PCLKD / 4 */
    REG(GPT0 + 0x64) = COUNTS_A_MICROSECOND * microseconds - 1;
    REG(GPT0 + 0x3C) = 0;
}

void timer_open(void)
{
    count_to(1000);
}

void timer_wait_1ms(void)
{
    count_to(1000);
    REG(GPT0 + 0x04) = 1;
    while (!(REG(GPT0 + 0x3C) & TCFPO)) {
    }
}

void time_open(void)
{
    count_to(BIT(TIME_BITS));
    REG(IELSR(0)) = GPT0_OVERFLOW;
    REG(GPT0 + 0x04) = 1;
}

uint32_t time_count(void)
{
    return REG(GPT0 + 0x48) / COUNTS_A_MICROSECOND;
}

int time_wrapped(void)
{
    return (REG(GPT0 + 0x3C) & TCFPO) != 0;
}

void time_acknowledge(void)
{
    REG(GPT0 + 0x3C) = 0;
    REG(IELSR(0)) = GPT0_OVERFLOW;
}

#include "cycles_dwt.h"
