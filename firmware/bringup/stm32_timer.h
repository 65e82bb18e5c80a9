/* A general-purpose timer of STM32 as a microsecond counter, one-pulse. */
#include "board.h"

static inline void microseconds_open(uint32_t base, uint32_t timer_mhz)
{
    REG(base + 0x00) = BIT(3); /* one-pulse */
    REG(base + 0x28) = timer_mhz - 1;
    REG(base + 0x2C) = 1000 - 1;
    REG(base + 0x14) = BIT(0); /* UG loads the prescaler */
    REG(base + 0x10) = 0;
}

static inline void microseconds_wait_1000(uint32_t base)
{
    REG(base + 0x10) = 0;
    REG(base + 0x00) |= BIT(0);
    wait_set(base + 0x10, BIT(0)); /* UIF */
}
