/* STM32H7A3: 280 MHz from HSI through PLL1, caches on, USART3 on PD8 and PD9, TIM5. */
#define TIMER_MHZ 280u
#include "stm32_h7.h"

void clock_up(void)
{
    supply_up(); /* VOS0 */
    pll_up(35, 2);
    flash_wait(6, 3);
    change(RCC + 0x18, 7u << 4, 4u << 4); /* APB3 / 2 */
    switch_to_pll();
}

void console_open(void)
{
    REG(RCC + 0x140) |= BIT(3);
    REG(RCC + 0x148) |= BIT(18);
    (void)REG(RCC + 0x148);
    console_pins_open();
    serial_open(140000000u / CONSOLE_BAUD);
}

static void timer_enable(void)
{
    REG(RCC + 0x148) |= BIT(3);
}
