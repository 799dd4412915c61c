"""All of them."""

from tests.mutants.gate import GATE

MUTANTS = (*GATE,)
