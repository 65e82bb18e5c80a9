/* STM32U5: SAI1 block A through channel 1 of GPDMA1 (RM0456). */
#define GPIO_B 0x42020400u
#define GPIO_E 0x42021000u
#include "streaming/stm32_pins.h"

#define RCC 0x46020C00u
#define CHANNEL 0x400200D0u /* GPDMA1 channel 1 */
#define REQUEST_SAI1_A 36u
#define C_LBAR (CHANNEL + 0x00)
#define C_FCR (CHANNEL + 0x0C)
#define C_SR (CHANNEL + 0x10)
#define C_CR (CHANNEL + 0x14)
#define C_TR1 (CHANNEL + 0x40)
#define C_TR2 (CHANNEL + 0x44)
#define C_BR1 (CHANNEL + 0x48)
#define C_SAR (CHANNEL + 0x4C)
#define C_DAR (CHANNEL + 0x50)
#define C_LLR (CHANNEL + 0x7C)
#define ALL_FLAGS 0x7F00u
#define CR_RUN (BIT(0) | BIT(8)) /* EN, TCIE */
#define CR_RESET BIT(1)
#define CR_SUSPEND BIT(2)
#define SR_IDLE BIT(0)
#define SR_SUSPENDED BIT(13)
#define HALF_WORDS_TO_MEMORY (1u | 1u << 16 | BIT(19)) /* SDW, DDW, DINC */

const uint32_t audio_interrupt = 30;

void audio_open(void)
{
    REG(RCC + 0x88) |= BIT(0);          /* AHB1ENR: GPDMA1 */
    REG(RCC + 0x8C) |= BIT(1) | BIT(4); /* AHB2ENR1: ports B and E */
    REG(RCC + 0xA4) |= BIT(21);         /* APB2ENR: SAI1 */
    (void)REG(RCC + 0xA4);
    pins_open();
}

void audio_start(int16_t block[2 * AUDIO_FRAMES])
{
    audio_next(block);
    sai_start();
}

void audio_next(int16_t block[2 * AUDIO_FRAMES])
{
    REG(C_FCR) = ALL_FLAGS;
    REG(C_TR1) = HALF_WORDS_TO_MEMORY;
    REG(C_TR2) = REQUEST_SAI1_A;
    REG(C_BR1) = 4 * AUDIO_FRAMES;
    REG(C_SAR) = SAI_DR;
    REG(C_DAR) = (uint32_t)block;
    REG(C_LLR) = 0;
    REG(C_CR) = CR_RUN;
}

void audio_stop(void)
{
    sai_stop();
    if (!(REG(C_SR) & SR_IDLE)) {
        REG(C_CR) |= CR_SUSPEND;
        while (!(REG(C_SR) & (SR_SUSPENDED | SR_IDLE))) {
        }
    }
    REG(C_CR) |= CR_RESET;
    REG(C_FCR) = ALL_FLAGS;
}
