/* SAI1 block A of STM32 as a slave that receives I2S, 16 bits, two slots (RM0432 chapter SAI), and the
 * benchmark's pins. A family's file includes this, clocks everything and moves the words. */
#ifndef STREAMING_SAI_H
#define STREAMING_SAI_H

#include "bringup/board.h"

#define SAI_A 0x40015404u
#define SAI_CR1 (SAI_A + 0x00)
#define SAI_CR2 (SAI_A + 0x04)
#define SAI_FRCR (SAI_A + 0x08)
#define SAI_SLOTR (SAI_A + 0x0C)
#define SAI_IM (SAI_A + 0x10)
#define SAI_CLRFR (SAI_A + 0x18)
#define SAI_DR (SAI_A + 0x1C)
#define SAI_SLAVE_RECEIVER 0x3u
#define SAI_16_BITS (4u << 5)
#define SAI_CLOCK_STROBE BIT(9) /* data change at the falling edge */
#define SAI_ENABLE BIT(16)
#define SAI_DMA BIT(17)
#define SAI_FLUSH BIT(3)
#define SAI_I2S_FRAME (31u | 15u << 8 | BIT(16) | BIT(18)) /* 32 bits, sync for 16, a channel's side, early */
#define SAI_TWO_SLOTS (3u << 16 | 1u << 8 | 1u << 6)       /* slots of 16 bits */

static inline void sai_start(void)
{
    REG(SAI_CR1) = SAI_SLAVE_RECEIVER | SAI_16_BITS | SAI_CLOCK_STROBE;
    REG(SAI_CR2) = SAI_FLUSH;
    REG(SAI_FRCR) = SAI_I2S_FRAME;
    REG(SAI_SLOTR) = SAI_TWO_SLOTS;
    REG(SAI_IM) = 0;
    REG(SAI_CLRFR) = 0x77;
    REG(SAI_CR1) |= SAI_DMA;
    REG(SAI_CR1) |= SAI_ENABLE;
}

static inline void sai_stop(void)
{
    REG(SAI_CR1) &= ~SAI_ENABLE;
    while (REG(SAI_CR1) & SAI_ENABLE) { /* it ends with a frame */
    }
    REG(SAI_CR1) &= ~SAI_DMA;
    REG(SAI_CR2) |= SAI_FLUSH;
}

static inline void output_put(uint32_t port, uint32_t pin, int high)
{
    REG(port + 0x18) = high ? BIT(pin) : BIT(pin + 16); /* BSRR */
}

static inline void output_open(uint32_t port, uint32_t pin, int high)
{
    output_put(port, pin, high);
    change(port, 3u << (2 * pin), 1u << (2 * pin));
}

static inline void alternate_open(uint32_t port, uint32_t pin, uint32_t function)
{
    change(port + 0x20 + 4 * (pin / 8), 15u << (4 * (pin % 8)), function << (4 * (pin % 8)));
    change(port, 3u << (2 * pin), 2u << (2 * pin));
}

#endif
