/* The cycle counter of the DWT. */
#include "board.h"

void cycles_open(void)
{
    REG(0xE000EDFC) |= BIT(24); /* DEMCR.TRCENA */
#ifdef DWT_IS_LOCKED
    REG(0xE0001FB0) = 0xC5ACCE55; /* Cortex-M7: LAR */
#endif
    REG(0xE0001004) = 0;
    REG(0xE0001000) |= BIT(0);
}

uint32_t cycles(void)
{
    return REG(0xE0001004);
}
