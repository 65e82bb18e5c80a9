/* The newer USART at CONSOLE: ISR at 0x1C, ICR at 0x20, RDR at 0x24, TDR at 0x28. */
#include "board.h"

#define ERRORS 0xFu /* PECF, FECF, NCF, ORECF */

static inline void serial_open(uint32_t divider)
{
    REG(CONSOLE + 0x00) = 0;
    REG(CONSOLE + 0x04) = 0;
    REG(CONSOLE + 0x08) = 0;
    REG(CONSOLE + 0x0C) = divider;
    REG(CONSOLE + 0x00) = BIT(0) | BIT(2) | BIT(3);
    wait_set(CONSOLE + 0x1C, BIT(21) | BIT(22)); /* TEACK, REACK */
}

void console_put(char c)
{
    wait_set(CONSOLE + 0x1C, BIT(7)); /* TXE */
    REG(CONSOLE + 0x28) = (uint8_t)c;
}

void console_listen(void)
{
    REG(CONSOLE + 0x00) |= BIT(5); /* RXNEIE */
}

void console_take(void (*received)(uint8_t byte))
{
    while (REG(CONSOLE + 0x1C) & BIT(5)) { /* RXNE */
        received((uint8_t)REG(CONSOLE + 0x24));
    }
    REG(CONSOLE + 0x20) = ERRORS;
}
