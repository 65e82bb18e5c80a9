/* MPS2 serial configuration controller (Arm DAI 0385, "Serial Configuration Controller"). */
#ifndef DRIVERS_MPS2_SCC_H
#define DRIVERS_MPS2_SCC_H

#include <stdint.h>

struct mps2_scc {
    volatile uint32_t unused0[0xa0 / 4], data_read, data_write, control, status;
};

#define MPS2_SCC_CONTROL_START (1u << 31)
#define MPS2_SCC_CONTROL_OSCILLATOR (1u << 20) /* the function; bits 11..0 select which one */
#define MPS2_SCC_STATUS_DONE (1u << 0)

/* Hertz of the system clock: oscillator 0 runs twice as fast. */
static inline uint32_t mps2_scc_system_hz(struct mps2_scc *scc)
{
    scc->status = 0;
    scc->control = MPS2_SCC_CONTROL_START | MPS2_SCC_CONTROL_OSCILLATOR;
    while ((scc->status & MPS2_SCC_STATUS_DONE) == 0) {
    }
    return scc->data_read / 2;
}

#endif
