/* STM32F407: 168 MHz from the crystal through the PLL, USART2 on PA2 and PA3, TIM2. */
#include "cycles_dwt.h"

#define RCC 0x40023800u
#define PWR 0x40007000u
#define FLASH 0x40023C00u
#define GPIOA 0x40020000u
#define CONSOLE 0x40004400u
#define TIMER 0x40000000u
#define TIMER_MHZ 84u

#include "stm32_serial_v1.h"
#include "stm32_timer.h"

void clock_up(void)
{
    REG(RCC + 0x40) |= BIT(28);
    (void)REG(RCC + 0x40);
    REG(PWR) |= BIT(14);
    REG(RCC) |= BIT(16);
    wait_set(RCC, BIT(17));
    REG(RCC + 0x04) = 8u | 336u << 6 | 0u << 16 | BIT(22) | 7u << 24;
    REG(RCC) |= BIT(24);
    wait_set(RCC, BIT(25));
    REG(FLASH) = 5u | BIT(8) | BIT(9) | BIT(10);
    while ((REG(FLASH) & 7) != 5) {
    }
    change(RCC + 0x08, 0xFCF0, 5u << 10 | 4u << 13);
    change(RCC + 0x08, 3, 2);
    while ((REG(RCC + 0x08) & 0xC) != 8) {
    }
}

void console_open(void)
{
    REG(RCC + 0x30) |= BIT(0);
    REG(RCC + 0x40) |= BIT(17);
    (void)REG(RCC + 0x40);
    change(GPIOA, 15u << 4, 10u << 4);
    change(GPIOA + 0x20, 0xFF00, 0x7700);
    serial_open((42000000u + CONSOLE_BAUD / 2) / CONSOLE_BAUD);
}

static void timer_enable(void)
{
    REG(RCC + 0x40) |= BIT(0);
    (void)REG(RCC + 0x40);
}
