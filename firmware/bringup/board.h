/* What every family's bring-up file gives: to the calibration firmware (bsp.c), and to the benchmarks'
 * (benchmark.c), which receive and tell the time, too. */
#pragma once
#include <stdint.h>

#ifndef CONSOLE_BAUD
#define CONSOLE_BAUD 115200u
#endif

#ifndef TIME_BITS
#define TIME_BITS 32 /* of the counter of microseconds */
#endif

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
void console_open(void);       /* CONSOLE_BAUD, 8N1 */
void console_put(char c);
void console_listen(void);     /* raise an interrupt for what comes */
void console_take(void (*received)(uint8_t byte)); /* in that interrupt: all that has come */
void timer_open(void);         /* stopped, one count a microsecond */
void timer_wait_1ms(void);     /* start it and wait until 1000 counts are over */
void time_open(void);          /* the same timer, free running; it raises an interrupt when TIME_BITS are full */
uint32_t time_count(void);
int time_wrapped(void);        /* and time_acknowledge() has not been called since */
void time_acknowledge(void);
void caches_open(void);        /* Cortex-M7: both level 1 caches */
void cycles_open(void);
uint32_t cycles(void);         /* of the core, counting up */
