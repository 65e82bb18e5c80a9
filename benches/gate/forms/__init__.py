"""The forms of a verdict that CI systems take. Each says that its figures are simulated and unofficial."""
