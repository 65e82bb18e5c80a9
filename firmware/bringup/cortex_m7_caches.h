/* The level 1 caches of a Cortex-M7 (Armv7-M manual, B2.2; ARM DDI 0489, 5.6): emptied, then on. */
#include "board.h"

#define SCB_CCR 0xE000ED14u
#define SCB_CCSIDR 0xE000ED80u
#define SCB_CSSELR 0xE000ED84u
#define SCB_ICIALLU 0xE000EF50u
#define SCB_DCISW 0xE000EF60u
#define LINE_SHIFT 5u /* 32 bytes */
#define WAY_SHIFT 30u /* four ways */

void caches_open(void)
{
    REG(SCB_ICIALLU) = 0;
    REG(SCB_CSSELR) = 0; /* the data cache */
    __asm volatile("dsb" : : : "memory");
    const uint32_t sets = (REG(SCB_CCSIDR) >> 13 & 0x7FFF) + 1;
    for (uint32_t set = 0; set < sets; set++) {
        for (uint32_t way = 0; way < 4; way++) {
            REG(SCB_DCISW) = way << WAY_SHIFT | set << LINE_SHIFT;
        }
    }
    __asm volatile("dsb" : : : "memory");
    REG(SCB_CCR) |= BIT(16) | BIT(17); /* DC, IC */
    __asm volatile("dsb\n isb" : : : "memory");
}
