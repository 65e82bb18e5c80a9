/* The time-stamp pin as an output: BSP_PIN of the port at BSP_PIN_PORT, whose clock is bit BSP_PIN_ENABLE_BIT of
 * the register BSP_PIN_ENABLE. */
#include "board.h"

static inline void pin_put(int high)
{
    REG(BSP_PIN_PORT + 0x18) = high ? BIT(BSP_PIN) : BIT(BSP_PIN + 16); /* BSRR */
}

static inline void pin_open(void)
{
    REG(BSP_PIN_ENABLE) |= BIT(BSP_PIN_ENABLE_BIT);
    (void)REG(BSP_PIN_ENABLE);
    pin_put(1);
    change(BSP_PIN_PORT, 3u << (2 * BSP_PIN), 1u << (2 * BSP_PIN));
}
