"""Pipeline models, one module per core; :func:`.registry.core_model` finds them by name."""
