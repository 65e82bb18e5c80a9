/* Settings of the STM32L4R5's flash, for the calibration firmware: RM0432, FLASH_ACR. */
#include "bsp/nucleo-l4r5zi/stm32l4r5.h"
#include "calibration/calibration.h"
#include "startup/cortex_m.h"

#define FLASH_ACR_INSTRUCTION_CACHE_RESET (1u << 11)
#define FLASH_ACR_DATA_CACHE_RESET (1u << 12)
#define CACHES (FLASH_ACR_INSTRUCTION_CACHE | FLASH_ACR_DATA_CACHE)
#define RESETS (FLASH_ACR_INSTRUCTION_CACHE_RESET | FLASH_ACR_DATA_CACHE_RESET)

/* 0: no caches, 1: caches, 2: caches and prefetch. A cache is emptied while it is off. */
int bsp_memory_mode(uint32_t mode)
{
    const uint32_t off = FLASH->acr & ~(CACHES | FLASH_ACR_PREFETCH);
    if (mode > 2) {
        return 0;
    }
    FLASH->acr = off;
    FLASH->acr = off | RESETS;
    FLASH->acr = off;
    if (mode > 0) {
        FLASH->acr = off | CACHES | (mode == 2 ? FLASH_ACR_PREFETCH : 0);
    }
    barrier();
    return 1;
}
