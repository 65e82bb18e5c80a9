/* STM32L4+: SAI1 block A through channel 1 of DMA1 (RM0432). */
#define GPIO_B 0x48000400u
#define GPIO_E 0x48001000u
#include "streaming/stm32_pins.h"

#define RCC 0x40021000u
#define DMA1 0x40020000u
#define DMAMUX_CHANNEL_0 0x40020800u
#define REQUEST_SAI1_A 36u
#define DMA_IFCR (DMA1 + 0x04)
#define DMA_CCR (DMA1 + 0x08)
#define DMA_CNDTR (DMA1 + 0x0C)
#define DMA_CPAR (DMA1 + 0x10)
#define DMA_CMAR (DMA1 + 0x14)
#define CCR_RUN (BIT(0) | BIT(1) | BIT(7) | 1u << 8 | 1u << 10) /* EN, TCIE, MINC, half words both sides */

const uint32_t audio_interrupt = 11;

void audio_open(void)
{
    REG(RCC + 0x48) |= BIT(0) | BIT(2);  /* AHB1ENR: DMA1, DMAMUX1 */
    REG(RCC + 0x4C) |= BIT(1) | BIT(4);  /* AHB2ENR: ports B and E */
    REG(RCC + 0x60) |= BIT(21);          /* APB2ENR: SAI1 */
    (void)REG(RCC + 0x60);
    pins_open();
    REG(DMAMUX_CHANNEL_0) = REQUEST_SAI1_A;
}

void audio_start(int16_t block[2 * AUDIO_FRAMES])
{
    audio_next(block);
    sai_start();
}

void audio_next(int16_t block[2 * AUDIO_FRAMES])
{
    REG(DMA_CCR) = 0;
    REG(DMA_IFCR) = 0xF;
    REG(DMA_CNDTR) = 2 * AUDIO_FRAMES;
    REG(DMA_CPAR) = SAI_DR;
    REG(DMA_CMAR) = (uint32_t)block;
    REG(DMA_CCR) = CCR_RUN;
}

void audio_stop(void)
{
    sai_stop();
    REG(DMA_CCR) = 0;
    REG(DMA_IFCR) = 0xF;
}
