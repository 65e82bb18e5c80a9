/* STM32U3 (no PLL): 96 MHz from MSIRC0 in range 1 with the booster, USART1 on PA9 and PA10, TIM2. */
#include "cycles_dwt.h"

#define RCC 0x40030C00u
#define PWR 0x40030800u
#define FLASH 0x40022000u
#define ICACHE 0x40030400u
#define GPIOA 0x42020000u
#define CONSOLE 0x40013800u
#define TIMER 0x40000000u
#define TIMER_MHZ 96u

#include "stm32_serial.h"
#include "stm32_timer.h"

void clock_up(void)
{
    change(PWR + 0x0C, 3, 1); /* range 1 */
    wait_set(PWR + 0x0C, BIT(16));
    REG(PWR + 0x0C) |= BIT(8);
    wait_set(PWR + 0x0C, BIT(24));
    change(FLASH, 0xF, 2);
    while ((REG(FLASH) & 0xF) != 2) {
    }
    change(RCC + 0x08, 3u << 29 | BIT(31), BIT(23)); /* MSIRGSEL: MSIS is MSIRC0, undivided */
    wait_set(RCC, BIT(2));
    change(RCC + 0x1C, 3, 0);
    while (REG(RCC + 0x1C) & 0xC) {
    }
    REG(ICACHE) |= BIT(0);
    while (REG(ICACHE + 4) & BIT(0)) {
    }
}

void console_open(void)
{
    REG(RCC + 0x8C) |= BIT(0);
    REG(RCC + 0xA4) |= BIT(14);
    (void)REG(RCC + 0xA4);
    change(GPIOA, 15u << 18, 10u << 18);
    change(GPIOA + 0x24, 0xFF0, 0x770);
    serial_open(96000000u / CONSOLE_BAUD);
}

static void timer_enable(void)
{
    REG(RCC + 0x9C) |= BIT(0);
}
