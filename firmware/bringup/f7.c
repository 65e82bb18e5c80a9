/* STM32F7: 216 MHz from the crystal of CRYSTAL_MHZ through the PLL with over-drive, TIM5; USART1 on PA9 and PB7, or,
 * with CONSOLE_IS_USART3, that one on PD8 and PD9. */
#define DWT_IS_LOCKED
#include "cortex_m7_caches.h"
#include "cycles_dwt.h"

#define RCC 0x40023800u
#define PWR 0x40007000u
#define FLASH 0x40023C00u
#define GPIOA 0x40020000u
#define GPIOB 0x40020400u
#define GPIOD 0x40020C00u
#ifdef CONSOLE_IS_USART3
#define CONSOLE 0x40004800u
#define CONSOLE_CLOCK_HZ 54000000u
#define CRYSTAL_MHZ 8u
#else
#define CONSOLE 0x40011000u
#define CONSOLE_CLOCK_HZ 108000000u
#define CRYSTAL_MHZ 25u
#endif
#define TIMER 0x40000C00u
#define TIMER_MHZ 108u

#include "stm32_serial.h"
#include "stm32_timer.h"

void clock_up(void)
{
    REG(FLASH) |= BIT(9); /* ART */
    REG(FLASH) |= BIT(8);
    REG(RCC + 0x40) |= BIT(28);
    (void)REG(RCC + 0x40);
    change(PWR, 3u << 14, 3u << 14);
    REG(RCC) |= BIT(16);
    wait_set(RCC, BIT(17));
    REG(RCC) &= ~BIT(24);
    while (REG(RCC) & BIT(25)) {
    }
    REG(RCC + 0x04) = CRYSTAL_MHZ | 432u << 6 | 0u << 16 | BIT(22) | 9u << 24;
    REG(RCC) |= BIT(24);
    wait_set(RCC, BIT(25));
    REG(PWR) |= BIT(16);
    wait_set(PWR + 0x04, BIT(16));
    REG(PWR) |= BIT(17);
    wait_set(PWR + 0x04, BIT(17));
    change(FLASH, 0xF, 7);
    while ((REG(FLASH) & 0xF) != 7) {
    }
    change(RCC + 0x08, 0xFCF0, 5u << 10 | 4u << 13);
    change(RCC + 0x08, 3, 2);
    while ((REG(RCC + 0x08) & 0xC) != 8) {
    }
}

void console_open(void)
{
#ifdef CONSOLE_IS_USART3
    REG(RCC + 0x30) |= BIT(3);
    REG(RCC + 0x40) |= BIT(18);
    (void)REG(RCC + 0x40);
    change(GPIOD, 15u << 16, 10u << 16);
    change(GPIOD + 0x24, 0xFF, 0x77);
#else
    REG(RCC + 0x30) |= 3;
    REG(RCC + 0x44) |= BIT(4);
    (void)REG(RCC + 0x44);
    change(GPIOA, 3u << 18, 2u << 18);
    change(GPIOA + 0x24, 0xF0, 0x70);
    change(GPIOB, 3u << 14, 2u << 14);
    change(GPIOB + 0x20, 15u << 28, 7u << 28);
#endif
    serial_open(CONSOLE_CLOCK_HZ / CONSOLE_BAUD);
}

static void timer_enable(void)
{
    REG(RCC + 0x40) |= BIT(3);
    (void)REG(RCC + 0x40);
}
