"""The devices: each a pure step machine (`core`) in a thin shell (`main`) that owns clock, wires and disk."""
