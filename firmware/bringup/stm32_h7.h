/* How STM32H7A3 and STM32H743 are brought up alike: caches, the LDO, PLL1 from HSI, USART3 on PD8 and PD9, TIM5,
 * whose clock is TIMER_MHZ. */
#define DWT_IS_LOCKED
#include "cortex_m7_caches.h"
#include "cycles_dwt.h"

#define RCC 0x58024400u
#define PWR 0x58024800u
#define FLASH 0x52002000u
#define GPIOD 0x58020C00u
#define CONSOLE 0x40004800u
#define TIMER 0x40000C00u

#include "stm32_serial.h"
#include "stm32_timer.h"

/* The instruction cache, and the highest of the voltages that are scaled. */
static inline void supply_up(void)
{
    REG(0xE000EF50) = 0; /* ICIALLU */
    REG(SCB_CCR) |= BIT(17);
    __asm volatile("dsb\n isb");
    change(PWR + 0x0C, 7, 2); /* LDO */
    wait_set(PWR + 0x04, BIT(13));
    change(PWR + 0x18, 3u << 14, 3u << 14);
    wait_set(PWR + 0x18, BIT(13));
}

/* HSI / 4 * multiplier, halved at the output P. */
static inline void pll_up(uint32_t multiplier, uint32_t divider_q)
{
    wait_set(RCC, BIT(2)); /* HSI */
    REG(RCC) &= ~BIT(24);
    while (REG(RCC) & BIT(25)) {
    }
    change(RCC + 0x28, 0x3F3, 4u << 4); /* HSI / 4 */
    change(RCC + 0x2C, 0xF, 3u << 2);   /* input of 8 to 16 MHz */
    REG(RCC + 0x30) = (multiplier - 1) | (2u - 1) << 9 | (divider_q - 1) << 16 | (2u - 1) << 24;
    REG(RCC + 0x2C) |= BIT(16) | BIT(17) | BIT(18);
    REG(RCC) |= BIT(24);
    wait_set(RCC, BIT(25));
}

static inline void flash_wait(uint32_t wait_states, uint32_t programming_delay)
{
    change(FLASH, 0x3F, wait_states | programming_delay << 4);
    while ((REG(FLASH) & 0xF) != wait_states) {
    }
}

/* APB1, APB2 and APB4 at half of AHB's clock; then the core runs from the PLL. */
static inline void switch_to_pll(void)
{
    change(RCC + 0x1C, 0x770, 4u << 4 | 4u << 8); /* APB1, APB2 / 2 */
    change(RCC + 0x20, 7u << 4, 4u << 4);         /* APB4 / 2 */
    change(RCC + 0x10, 7, 3);
    while ((REG(RCC + 0x10) >> 3 & 7) != 3) {
    }
}

static inline void console_pins_open(void)
{
    change(GPIOD, 15u << 16, 10u << 16);
    change(GPIOD + 0x24, 0xFF, 0x77);
}
