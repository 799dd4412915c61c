"""What a statement meets whose values do not fit, said alike of both databases."""

import re
import sqlite3
from enum import StrEnum, auto
from typing import Any

import psycopg


class Misfit(StrEnum):
    """What does not fit, whichever database says so."""

    THERE_ALREADY = auto()  # another row has these values: choose others
    NAMES_NOTHING = auto()  # an id of no row: name one that is there
    MISSING = auto()  # a value that has to be given
    OUT_OF_BOUNDS = auto()  # a number or text that no column holds


_MISFITS: dict[Any, Misfit] = {
    sqlite3.SQLITE_CONSTRAINT_UNIQUE: Misfit.THERE_ALREADY,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: Misfit.THERE_ALREADY,
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: Misfit.NAMES_NOTHING,
    sqlite3.SQLITE_CONSTRAINT_NOTNULL: Misfit.MISSING,
    psycopg.errors.UniqueViolation: Misfit.THERE_ALREADY,
    psycopg.errors.ForeignKeyViolation: Misfit.NAMES_NOTHING,
    psycopg.errors.NotNullViolation: Misfit.MISSING,
}


def misfit(fault: Exception) -> tuple[Misfit, list[str]]:
    """What a statement that raised one of `UNFIT` met, and in which columns, where both databases can tell."""
    what = _MISFITS.get(getattr(fault, "sqlite_errorcode", type(fault)), Misfit.OUT_OF_BOUNDS)
    if what not in (Misfit.THERE_ALREADY, Misfit.MISSING):
        return what, []
    if isinstance(fault, psycopg.Error):
        found = re.match(r"Key \(([^)]*)\)=", fault.diag.message_detail or "")
        said = found[1] if found else fault.diag.column_name or ""
    else:
        said = str(fault).rpartition(": ")[2]  # `tariff.context_id, tariff.code`
    return what, [each.rpartition(".")[2].strip('" ') for each in said.split(", ") if each]
