/* STM32H743, revision V: 480 MHz from HSI through PLL1, VOS0, USART3 on PD8 and PD9, TIM5. */
#define DWT_IS_LOCKED
#include "cortex_m7_caches.h"
#include "cycles_dwt.h"

#define RCC 0x58024400u
#define PWR 0x58024800u
#define SYSCFG 0x58000400u
#define FLASH 0x52002000u
#define GPIOD 0x58020C00u
#define CONSOLE 0x40004800u
#define TIMER 0x40000C00u
#define TIMER_MHZ 240u

#include "stm32_serial.h"
#include "stm32_timer.h"

void clock_up(void)
{
    REG(0xE000EF50) = 0; /* ICIALLU */
    REG(SCB_CCR) |= BIT(17);
    __asm volatile("dsb\n isb");
    change(PWR + 0x0C, 7, 2); /* LDO */
    wait_set(PWR + 0x04, BIT(13));
    change(PWR + 0x18, 3u << 14, 3u << 14); /* VOS1 */
    wait_set(PWR + 0x18, BIT(13));
    REG(RCC + 0xF4) |= BIT(1); /* SYSCFGEN */
    (void)REG(RCC + 0xF4);
    REG(SYSCFG + 0x2C) |= BIT(0); /* over-drive: VOS0 */
    wait_set(PWR + 0x18, BIT(13));
    wait_set(RCC, BIT(2)); /* HSI */
    REG(RCC) &= ~BIT(24);
    while (REG(RCC) & BIT(25)) {
    }
    change(RCC + 0x28, 0x3F3, 4u << 4); /* HSI / 4 */
    change(RCC + 0x2C, 0xF, 3u << 2);   /* input of 8 to 16 MHz */
    REG(RCC + 0x30) = (60u - 1) | (2u - 1) << 9 | (4u - 1) << 16 | (2u - 1) << 24;
    REG(RCC + 0x2C) |= BIT(16) | BIT(17) | BIT(18);
    REG(RCC) |= BIT(24);
    wait_set(RCC, BIT(25));
    change(FLASH, 0x3F, 4u | 2u << 4);
    while ((REG(FLASH) & 0xF) != 4) {
    }
    change(RCC + 0x18, 0xF7F, 8u | 4u << 4);      /* AHB / 2, APB3 / 2 */
    change(RCC + 0x1C, 0x770, 4u << 4 | 4u << 8); /* APB1, APB2 / 2 */
    change(RCC + 0x20, 7u << 4, 4u << 4);         /* APB4 / 2 */
    change(RCC + 0x10, 7, 3);
    while ((REG(RCC + 0x10) >> 3 & 7) != 3) {
    }
}

void console_open(void)
{
    REG(RCC + 0xE0) |= BIT(3);  /* GPIODEN */
    REG(RCC + 0xE8) |= BIT(18); /* USART3EN */
    (void)REG(RCC + 0xE8);
    change(GPIOD, 15u << 16, 10u << 16);
    change(GPIOD + 0x24, 0xFF, 0x77);
    serial_open((120000000u + CONSOLE_BAUD / 2) / CONSOLE_BAUD);
}

static void timer_enable(void)
{
    REG(RCC + 0xE8) |= BIT(3);
    (void)REG(RCC + 0xE8);
}
