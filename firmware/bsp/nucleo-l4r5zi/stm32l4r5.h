/* The registers of the STM32L4R5 that this board support touches (RM0432). */
#ifndef BSP_STM32L4R5_H
#define BSP_STM32L4R5_H

#include <stdint.h>

struct rcc {
    volatile uint32_t cr, icscr, cfgr, pllcfgr, pllsai1cfgr, pllsai2cfgr, cier, cifr, cicr, reserved_24;
    volatile uint32_t ahb1rstr, ahb2rstr, ahb3rstr, reserved_34, apb1rstr1, apb1rstr2, apb2rstr, reserved_44;
    volatile uint32_t ahb1enr, ahb2enr, ahb3enr, reserved_54, apb1enr1, apb1enr2, apb2enr;
};
struct pwr {
    volatile uint32_t cr1, cr2, cr3, cr4, sr1, sr2, scr, reserved_1c, ports[24], cr5;
};
struct flash {
    volatile uint32_t acr;
};
struct gpio {
    volatile uint32_t moder, otyper, ospeedr, pupdr, idr, odr, bsrr, lckr, afrl, afrh, brr;
};
struct lpuart {
    volatile uint32_t cr1, cr2, cr3, brr, reserved_10, reserved_14, rqr, isr, icr, rdr, tdr, presc;
};
struct timer {
    volatile uint32_t cr1, cr2, smcr, dier, sr, egr, ccmr1, ccmr2, ccer, cnt, psc, arr;
};

#define RCC ((struct rcc *)0x40021000u)
#define PWR ((struct pwr *)0x40007000u)
#define FLASH ((struct flash *)0x40022000u)
#define GPIOF ((struct gpio *)0x48001400u)
#define GPIOG ((struct gpio *)0x48001800u)
#define LPUART1 ((struct lpuart *)0x40008000u)
#define TIM5 ((struct timer *)0x40000C00u)

#define TIM5_INTERRUPT 50
#define LPUART1_INTERRUPT 70

#define RCC_CR_MSION (1u << 0)
#define RCC_CR_MSIRDY (1u << 1)
#define RCC_CR_MSIRGSEL (1u << 3)
#define RCC_CR_MSIRANGE_4MHZ (6u << 4)
#define RCC_CR_MSIRANGE_MASK (0xFu << 4)
#define RCC_CR_PLLON (1u << 24)
#define RCC_CR_PLLRDY (1u << 25)
#define RCC_CFGR_SW_MASK 3u
#define RCC_CFGR_SW_PLL 3u
#define RCC_CFGR_SWS_MASK (3u << 2)
#define RCC_CFGR_SWS_PLL (3u << 2)
#define RCC_CFGR_HPRE_MASK (0xFu << 4)
#define RCC_CFGR_HPRE_DIV2 (8u << 4)
#define RCC_PLLCFGR_SRC_MSI 1u
#define RCC_PLLCFGR_M(divider) (((divider) - 1u) << 4)
#define RCC_PLLCFGR_N(factor) ((factor) << 8)
#define RCC_PLLCFGR_REN (1u << 24)
#define RCC_PLLCFGR_R_DIV2 (0u << 25)
#define RCC_AHB2ENR_GPIOF (1u << 5)
#define RCC_AHB2ENR_GPIOG (1u << 6)
#define RCC_APB1ENR1_TIM5 (1u << 3)
#define RCC_APB1ENR1_PWR (1u << 28)
#define RCC_APB1ENR2_LPUART1 (1u << 0)

#define PWR_CR1_VOS_MASK (3u << 9)
#define PWR_CR1_VOS_RANGE1 (1u << 9)
#define PWR_CR2_IOSV (1u << 9)
#define PWR_SR2_VOSF (1u << 10)
#define PWR_CR5_R1MODE (1u << 8)

#define FLASH_ACR_LATENCY_MASK 0xFu
#define FLASH_ACR_PREFETCH (1u << 8)
#define FLASH_ACR_INSTRUCTION_CACHE (1u << 9)
#define FLASH_ACR_DATA_CACHE (1u << 10)

#define LPUART_CR1_UE (1u << 0)
#define LPUART_CR1_RE (1u << 2)
#define LPUART_CR1_TE (1u << 3)
#define LPUART_CR1_RXNEIE (1u << 5)
#define LPUART_ISR_RXNE (1u << 5)
#define LPUART_ISR_TXE (1u << 7)
#define LPUART_PRESC_DIV16 7u
#define LPUART_PRESC_DIV256 11u
#define LPUART_ICR_PECF_FECF_NCF_ORECF 0xFu

#define TIM_CR1_CEN (1u << 0)
#define TIM_CR1_URS (1u << 2)
#define TIM_DIER_UIE (1u << 0)
#define TIM_SR_UIF (1u << 0)
#define TIM_EGR_UG (1u << 0)

#endif
