/* STM32F4: from the crystal through the PLL, TIM2, USART2 on PA2 and PA3, or, with CONSOLE_IS_USART1, that one on
 * PA9 and PA10. STM32F405/F407 at 168 MHz; OVER_DRIVE: F429, F446 at 180 MHz; STM32F411: at 100 MHz. */
#include "cycles_dwt.h"

#define RCC 0x40023800u
#define PWR 0x40007000u
#define FLASH 0x40023C00u
#define GPIOA 0x40020000u
#define TIMER 0x40000000u
#if defined(OVER_DRIVE)
#define CORE_MHZ 180u
#define WAIT_STATES 5u
#define APB1_DIVIDER 4u
#define APB2_DIVIDER 2u
#elif defined(STM32F411)
#define CORE_MHZ 100u
#define WAIT_STATES 3u
#define APB1_DIVIDER 2u
#define APB2_DIVIDER 1u
#else
#define CORE_MHZ 168u
#define WAIT_STATES 5u
#define APB1_DIVIDER 4u
#define APB2_DIVIDER 2u
#endif
#define TIMER_MHZ (2u * CORE_MHZ / APB1_DIVIDER)
#define PRESCALER(divider) ((divider) == 4u ? 5u : (divider) == 2u ? 4u : 0u)
#ifdef CONSOLE_IS_USART1
#define CONSOLE 0x40011000u
#define CONSOLE_CLOCK_HZ (CORE_MHZ * 1000000u / APB2_DIVIDER)
#else
#define CONSOLE 0x40004400u
#define CONSOLE_CLOCK_HZ (CORE_MHZ * 1000000u / APB1_DIVIDER)
#endif

#include "stm32_serial_v1.h"
#include "stm32_timer.h"

void clock_up(void)
{
    REG(RCC + 0x40) |= BIT(28);
    (void)REG(RCC + 0x40);
    REG(PWR) |= 3u << 14; /* VOS: scale 1 */
    REG(RCC) |= BIT(16);
    wait_set(RCC, BIT(17));
    REG(RCC + 0x04) = 8u | (2 * CORE_MHZ) << 6 | 0u << 16 | BIT(22) | 8u << 24 | 2u << 28;
    REG(RCC) |= BIT(24);
    wait_set(RCC, BIT(25));
#ifdef OVER_DRIVE
    REG(PWR) |= BIT(16);
    wait_set(PWR + 0x04, BIT(16));
    REG(PWR) |= BIT(17);
    wait_set(PWR + 0x04, BIT(17));
#endif
    REG(FLASH) = WAIT_STATES | BIT(8) | BIT(9) | BIT(10);
    while ((REG(FLASH) & 7) != WAIT_STATES) {
    }
    change(RCC + 0x08, 0xFCF0, PRESCALER(APB1_DIVIDER) << 10 | PRESCALER(APB2_DIVIDER) << 13);
    change(RCC + 0x08, 3, 2);
    while ((REG(RCC + 0x08) & 0xC) != 8) {
    }
}

void console_open(void)
{
    REG(RCC + 0x30) |= BIT(0);
#ifdef CONSOLE_IS_USART1
    REG(RCC + 0x44) |= BIT(4);
    (void)REG(RCC + 0x44);
    change(GPIOA, 15u << 18, 10u << 18);
    change(GPIOA + 0x24, 0xFF0, 0x770);
#else
    REG(RCC + 0x40) |= BIT(17);
    (void)REG(RCC + 0x40);
    change(GPIOA, 15u << 4, 10u << 4);
    change(GPIOA + 0x20, 0xFF00, 0x7700);
#endif
    serial_open((CONSOLE_CLOCK_HZ + CONSOLE_BAUD / 2) / CONSOLE_BAUD);
}

static void timer_enable(void)
{
    REG(RCC + 0x40) |= BIT(0);
    (void)REG(RCC + 0x40);
}
