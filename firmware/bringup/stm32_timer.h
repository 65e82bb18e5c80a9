/* A general-purpose timer of STM32, TIMER, as a microsecond counter; its clock is TIMER_MHZ. The family's
 * timer_enable() lets the clock in. */
#include "board.h"

static void timer_enable(void);

/* Stopped, one-pulse. */
void timer_open(void)
{
    timer_enable();
    REG(TIMER + 0x00) = BIT(3);
    REG(TIMER + 0x28) = TIMER_MHZ - 1;
    REG(TIMER + 0x2C) = 1000 - 1;
    REG(TIMER + 0x14) = BIT(0); /* UG loads the prescaler */
    REG(TIMER + 0x10) = 0;
}

void timer_wait_1ms(void)
{
    REG(TIMER + 0x10) = 0;
    REG(TIMER + 0x00) |= BIT(0);
    wait_set(TIMER + 0x10, BIT(0)); /* UIF */
}

void time_open(void)
{
    timer_enable();
    REG(TIMER + 0x28) = TIMER_MHZ - 1;
    REG(TIMER + 0x2C) = (uint32_t)(BIT(TIME_BITS - 1) * 2ull - 1);
    REG(TIMER + 0x00) = BIT(2); /* URS: UG raises no interrupt */
    REG(TIMER + 0x14) = BIT(0);
    REG(TIMER + 0x0C) = BIT(0); /* UIE */
    REG(TIMER + 0x00) |= BIT(0);
}

uint32_t time_count(void)
{
    return REG(TIMER + 0x24);
}

int time_wrapped(void)
{
    return (REG(TIMER + 0x10) & BIT(0)) != 0;
}

void time_acknowledge(void)
{
    REG(TIMER + 0x10) = ~BIT(0);
}
