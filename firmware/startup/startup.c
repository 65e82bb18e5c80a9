/* Vector table, reset and faults. The external interrupts' vectors come from the board support. */
#include <stdint.h>

#include "runtime/memory.h"
#include "startup/cortex_m.h"

int main(void);
void reset_handler(void);
void fault_handler(void);
void unexpected_interrupt(void);

/* From the linker script. */
extern uint32_t stack_top[];
extern uint8_t data_start[], data_end[], data_load[], bss_start[], bss_end[];

typedef void (*vector)(void);

/* Entries 1 to 15; entry 0, the stack pointer, is the linker script's. */
__attribute__((section(".vectors.core"), used)) static const vector core_vectors[15] = {
    reset_handler,        /* 1 */
    unexpected_interrupt, /* 2 NMI */
    fault_handler,        /* 3 HardFault */
    fault_handler,        /* 4 MemManage */
    fault_handler,        /* 5 BusFault */
    fault_handler,        /* 6 UsageFault */
    fault_handler,        /* 7 SecureFault */
    0, 0, 0,              /* 8 to 10 */
    unexpected_interrupt, /* 11 SVCall */
    unexpected_interrupt, /* 12 DebugMonitor */
    0,                    /* 13 */
    unexpected_interrupt, /* 14 PendSV */
    unexpected_interrupt, /* 15 SysTick */
};

static void enable_fpu(void)
{
#if defined(__ARM_FP)
    SCB_CPACR |= CPACR_CP10_CP11_FULL;
    barrier();
#endif
}

__attribute__((noreturn)) void reset_handler(void)
{
    enable_fpu();
    memcpy(data_start, data_load, (size_t)(data_end - data_start));
    memset(bss_start, 0, (size_t)(bss_end - bss_start));
    main();
    for (;;) {
    }
}

/* A crash stays where it is: a debugger or an emulator finds the stacked frame untouched. */
__attribute__((noreturn)) void fault_handler(void)
{
    for (;;) {
    }
}

__attribute__((noreturn)) void unexpected_interrupt(void)
{
    for (;;) {
    }
}
