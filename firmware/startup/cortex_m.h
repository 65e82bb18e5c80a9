/* The few core registers that the firmware touches (Armv6-M, Armv7-M and Armv8-M manuals). */
#ifndef STARTUP_CORTEX_M_H
#define STARTUP_CORTEX_M_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define NVIC_ISER(word) REGISTER(0xE000E100u + 4u * (word))
#define SCB_CPACR REGISTER(0xE000ED88u)
#define SCB_CCR REGISTER(0xE000ED14u)
#define SCB_ICIALLU REGISTER(0xE000EF50u)

#define CPACR_CP10_CP11_FULL (0xFu << 20)
#define CCR_IC (1u << 17)

static inline void interrupt_enable(uint32_t number)
{
    NVIC_ISER(number / 32) = 1u << (number % 32);
}

static inline void barrier(void)
{
    __asm__ volatile("dsb\n\tisb" : : : "memory");
}

/* Mask interrupts; gives back PRIMASK for interrupts_restore(). */
static inline uint32_t interrupts_mask(void)
{
    uint32_t primask;
    __asm__ volatile("mrs %0, primask\n\tcpsid i" : "=r"(primask) : : "memory");
    return primask;
}

static inline void interrupts_restore(uint32_t primask)
{
    __asm__ volatile("msr primask, %0" : : "r"(primask) : "memory");
}

/* Sleep until an interrupt is pending, even a masked one. */
static inline void wait_for_interrupt(void)
{
    __asm__ volatile("dsb\n\twfi" : : : "memory");
}

#endif
