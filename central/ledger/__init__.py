"""Where the money is: accounts, and moves from one to another."""

from central.kernel.privileges import UsualProfile
from central.kernel.turns import Sales
from central.ledger import balances, ops
from central.ledger.model import LedgerPrivilege
from central.web.area import Area
from central.web.rooms import Room

AREA = Area(
    name="ledger",
    room=Room.MONEY,
    modules=(balances, ops),
    sales=Sales(written=("move",)),
    privileges=tuple(LedgerPrivilege),
    loops={"balances": balances.carrying},
    usual={
        UsualProfile.BACK_OFFICE: (LedgerPrivilege.LEDGER_READ,),
        UsualProfile.READER: (LedgerPrivilege.LEDGER_READ,),
    },
)
