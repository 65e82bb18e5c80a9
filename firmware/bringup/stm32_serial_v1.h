/* The older USART at CONSOLE: SR at 0, DR at 0x04, BRR at 0x08, CR1 at 0x0C. */
#include "board.h"

static inline void serial_open(uint32_t divider)
{
    REG(CONSOLE + 0x08) = divider;
    REG(CONSOLE + 0x0C) = BIT(13) | BIT(3) | BIT(2); /* UE, TE, RE */
}

void console_put(char c)
{
    wait_set(CONSOLE, BIT(7)); /* TXE */
    REG(CONSOLE + 0x04) = (uint8_t)c;
}

void console_listen(void)
{
    REG(CONSOLE + 0x0C) |= BIT(5); /* RXNEIE */
}

void console_take(void (*received)(uint8_t byte))
{
    while (REG(CONSOLE) & (BIT(5) | BIT(3))) { /* RXNE, ORE: reading DR clears both */
        received((uint8_t)REG(CONSOLE + 0x04));
    }
}
