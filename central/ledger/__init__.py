"""Where the money is: accounts, and moves from one to another."""

from central.ledger import ops
from central.ledger.model import LedgerPrivilege
from central.web.area import Area

AREA = Area(name="ledger", modules=(ops,), privileges=tuple(LedgerPrivilege))
