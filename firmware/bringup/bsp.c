/* Board support of the calibration firmware, for boards that a file of this folder brings up. */
#include "bsp/bsp.h"

#include "bringup/board.h"
#include "calibration/calibration.h"

void bsp_start(void)
{
    clock_up();
    console_open();
}

void bsp_send(uint8_t byte)
{
    console_put((char)byte);
}

#if defined(PREFETCH_REGISTER)
/* 0: no prefetch, 1: prefetch; caches as clock_up() leaves them. */
int bsp_memory_mode(uint32_t mode)
{
    if (mode > 1) {
        return 0;
    }
    change(PREFETCH_REGISTER, BIT(8), mode != 0 ? BIT(8) : 0);
    return 1;
}
#endif
