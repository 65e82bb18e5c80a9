/* What every family's bring-up file gives, and what main.c does with it. */
#pragma once
#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))
#define BIT(n) (1u << (n))

static inline void wait_set(uint32_t address, uint32_t mask)
{
    while ((REG(address) & mask) != mask) {
    }
}

static inline void change(uint32_t address, uint32_t mask, uint32_t value)
{
    REG(address) = (REG(address) & ~mask) | value;
}

void clock_up(void);           /* to the board's usual clock, as vendor start-up code does it */
void console_open(void);       /* 115200 baud, 8N1 */
void console_put(char c);
void timer_open(void);         /* stopped, one count a microsecond */
void timer_wait_1ms(void);     /* start it and wait until 1000 counts are over */
void cycles_open(void);
uint32_t cycles(void);         /* of the core, counting up */
