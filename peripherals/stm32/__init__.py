"""STMicroelectronics STM32 devices; each module names its reference manual."""
