/* The newer USART: ISR at 0x1C, TDR at 0x28. */
#include "board.h"

static inline void serial_open(uint32_t base, uint32_t divider)
{
    REG(base + 0x00) = 0;
    REG(base + 0x04) = 0;
    REG(base + 0x08) = 0;
    REG(base + 0x0C) = divider;
    REG(base + 0x00) = BIT(0) | BIT(2) | BIT(3);
    wait_set(base + 0x1C, BIT(21) | BIT(22)); /* TEACK, REACK */
}

static inline void serial_put(uint32_t base, char c)
{
    wait_set(base + 0x1C, BIT(7)); /* TXE */
    REG(base + 0x28) = (uint8_t)c;
}
