/* The settings of memories that every chip with the core has; a board's own take their place. */
#include "calibration/calibration.h"
#include "startup/cortex_m.h"

#define CCR_DC (1u << 16)
#define SCB_CCSIDR REGISTER(0xE000ED80u)
#define SCB_CSSELR REGISTER(0xE000ED84u)
#define SCB_DCISW REGISTER(0xE000EF60u)

#if defined(CALIBRATED_CORE_M7)
/* Lines of the data cache hold anything after reset (Arm DDI 0489, "Initialize and enable the caches"). */
static void invalidate_data_cache(void)
{
    SCB_CSSELR = 0;
    barrier();
    const uint32_t shape = SCB_CCSIDR;
    const uint32_t ways = (shape >> 3) & 0x3FFu; /* less one */
    const uint32_t sets = (shape >> 13) & 0x7FFFu;
    const uint32_t way_shift = ways != 0 ? (uint32_t)__builtin_clz(ways) : 0;
    for (uint32_t set = 0; set <= sets; set++) {
        for (uint32_t way = 0; way <= ways; way++) {
            SCB_DCISW = way << way_shift | set << 5;
        }
    }
    barrier();
}
#endif

__attribute__((weak)) int bsp_memory_mode(uint32_t mode)
{
#if defined(CALIBRATED_CORE_M7)
    if (mode == 1) {
        invalidate_data_cache();
        SCB_ICIALLU = 0;
        barrier();
        SCB_CCR |= CCR_IC | CCR_DC;
        barrier();
        return 1;
    }
#endif
    return mode == 0;
}
