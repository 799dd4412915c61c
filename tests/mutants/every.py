"""All of them."""

from tests.mutants.central import CENTRAL
from tests.mutants.edge import EDGE
from tests.mutants.gate import GATE

MUTANTS = (*GATE, *EDGE, *CENTRAL)
