/* STM32L475/L476: 80 MHz from MSI through the PLL, TIM5; USART2 on PA2 and PA3, or, with CONSOLE_IS_USART1, that
 * one on PB6 and PB7. */
#include "cycles_dwt.h"

#define RCC 0x40021000u
#define PWR 0x40007000u
#define FLASH 0x40022000u
#define TIMER 0x40000C00u
#define TIMER_MHZ 80u
#ifdef CONSOLE_IS_USART1
#define CONSOLE 0x40013800u
#define PORT 0x48000400u
#define PORT_ENABLE BIT(1)
#define FIRST_PIN 6u
#else
#define CONSOLE 0x40004400u
#define PORT 0x48000000u
#define PORT_ENABLE BIT(0)
#define FIRST_PIN 2u
#endif

#include "stm32_serial.h"
#include "stm32_timer.h"

void clock_up(void)
{
    REG(RCC + 0x58) |= BIT(28); /* PWREN */
    (void)REG(RCC + 0x58);
    change(PWR, 3u << 9, 1u << 9); /* range 1 */
    while (REG(PWR + 0x14) & BIT(10)) {
    }
    wait_set(RCC, BIT(1)); /* MSI */
    REG(RCC) &= ~BIT(24);
    while (REG(RCC) & BIT(25)) {
    }
    REG(RCC + 0x0C) = 1u | 0u << 4 | 40u << 8 | BIT(24); /* MSI / 1 * 40 / 2 */
    REG(RCC) |= BIT(24);
    wait_set(RCC, BIT(25));
    change(FLASH, 7, 4);
    while ((REG(FLASH) & 7) != 4) {
    }
    change(RCC + 0x08, 3, 3);
    while ((REG(RCC + 0x08) & 0xC) != 0xC) {
    }
}

void console_open(void)
{
    REG(RCC + 0x4C) |= PORT_ENABLE;
#ifdef CONSOLE_IS_USART1
    REG(RCC + 0x60) |= BIT(14);
    (void)REG(RCC + 0x60);
#else
    REG(RCC + 0x58) |= BIT(17);
    (void)REG(RCC + 0x58);
#endif
    change(PORT, 15u << (2 * FIRST_PIN), 10u << (2 * FIRST_PIN));
    change(PORT + 0x20, 0xFFu << (4 * FIRST_PIN), 0x77u << (4 * FIRST_PIN));
    serial_open((80000000u + CONSOLE_BAUD / 2) / CONSOLE_BAUD);
}

static void timer_enable(void)
{
    REG(RCC + 0x58) |= BIT(3);
    (void)REG(RCC + 0x58);
}
