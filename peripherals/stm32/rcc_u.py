"""What the clock controllers of STM32U5 (RM0456) and U3 (RM0487) have in common."""

from __future__ import annotations

from peripherals.stm32.rcc import APB_PRESCALERS, Rcc, bus_clocks

HSI16_HZ = 16_000_000


class RccU(Rcc):
    """Prescalers of AHB and three APBs in CFGR2 and CFGR3."""

    def buses(self, sysclk_hz: int) -> dict[str, int]:
        """AHB and the three APBs."""
        fields = self.field("CFGR2", 0, 4), self.field("CFGR2", 4, 3), self.field("CFGR2", 8, 3)
        tree = bus_clocks(sysclk_hz, *fields)
        tree["pclk3"] = tree["hclk"] // APB_PRESCALERS[self.field("CFGR3", 4, 3)]
        return tree
