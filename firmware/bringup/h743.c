/* STM32H743, revision V: 480 MHz from HSI through PLL1, VOS0, USART3 on PD8 and PD9, TIM5. */
#define TIMER_MHZ 240u
#include "stm32_h7.h"

#define SYSCFG 0x58000400u

void clock_up(void)
{
    supply_up(); /* VOS1 */
    REG(RCC + 0xF4) |= BIT(1); /* SYSCFGEN */
    (void)REG(RCC + 0xF4);
    REG(SYSCFG + 0x2C) |= BIT(0); /* over-drive: VOS0 */
    wait_set(PWR + 0x18, BIT(13));
    pll_up(60, 4);
    flash_wait(4, 2);
    change(RCC + 0x18, 0xF7F, 8u | 4u << 4); /* AHB / 2, APB3 / 2 */
    switch_to_pll();
}

void console_open(void)
{
    REG(RCC + 0xE0) |= BIT(3);  /* GPIODEN */
    REG(RCC + 0xE8) |= BIT(18); /* USART3EN */
    (void)REG(RCC + 0xE8);
    console_pins_open();
    serial_open((120000000u + CONSOLE_BAUD / 2) / CONSOLE_BAUD);
}

static void timer_enable(void)
{
    REG(RCC + 0xE8) |= BIT(3);
    (void)REG(RCC + 0xE8);
}
