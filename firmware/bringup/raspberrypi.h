/* How RP2040 and RP2350 are brought up alike: the crystal of 12 MHz through PLL_SYS, UART0 on GP0 and GP1, the timer of
   microseconds. Where they differ: the addresses of the blocks, their bits in RESETS, where the timer's INTR is, the
   first of the two dividers (the second one is 2) behind PLL_SYS; rest_of_clock_up() and pads_up(). */
#define SET 0x2000u
#define CLEAR 0x3000u

#define CLK_REF (CLOCKS + 0x30)
#define CLK_SYS (CLOCKS + 0x3C)
#define CLK_PERI (CLOCKS + 0x48)
#define PLL_HZ 1500000000u /* 12 MHz * 125 */

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
    release(PLL_BLOCK);
    REG(PLL_SYS + 0x00) = 1;
    REG(PLL_SYS + 0x08) = 125;                      /* PLL_HZ */
    REG(PLL_SYS + CLEAR + 0x04) = BIT(0) | BIT(5);
    wait_set(PLL_SYS, BIT(31));
    REG(PLL_SYS + 0x0C) = PLL_DIVIDER << 16 | 2u << 12;
    REG(PLL_SYS + CLEAR + 0x04) = BIT(3);
    REG(CLK_SYS) = 0u << 5;
    REG(CLK_SYS) = 0u << 5 | 1;
    wait_set(CLK_SYS + 8, BIT(1));
    REG(CLK_PERI) = BIT(11);
    rest_of_clock_up();
}

void console_open(void)
{
    const uint32_t divisor = (8u * (PLL_HZ / PLL_DIVIDER / 2) / CONSOLE_BAUD + 1) / 2; /* in 1/64 of 16 bit clocks */
    release(CONSOLE_BLOCKS);
    pads_up();
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
    release(TIMER_BLOCK);
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
    release(TIMER_BLOCK);
    REG(TIMER + 0x10) = 0; /* alarm 0 at the wrap of the low word */
    REG(TIMER_INTERRUPT + 4) = BIT(0);
}

uint32_t time_count(void)
{
    return REG(TIMER + 0x28);
}

int time_wrapped(void)
{
    return (REG(TIMER_INTERRUPT) & BIT(0)) != 0;
}

void time_acknowledge(void)
{
    REG(TIMER_INTERRUPT) = BIT(0);
    REG(TIMER + 0x10) = 0;
    (void)REG(TIMER_INTERRUPT);
}
