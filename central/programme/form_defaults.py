"""What the form of a new show opens with: the VAT of the last one in its activity, or else what a seat at a show is
taxed in the house's country. It is a proposal, and the form says so."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from central.catalogue.reads import last_event
from central.kernel.contexts import ContextKind, institution_of, setting_at
from central.kernel.countries import country_of
from central.kernel.house_settings import TIMEZONE
from central.kernel.tx import Read
from central.web.frame import FRAME

VAT_OF_SHOWS: Mapping[str, int] = {
    "AT": 1300, "DE": 700, "ES": 1000, "FR": 550, "GB": 2000, "IT": 1000, "LU": 300, "NL": 900,
}  # fmt: skip
"""Country → basis points: the rate for seats at live shows, without the reliefs that a house may claim. Where somebody
has to know more than the country, there is none. The source of each: docs/spec/houses.md, "Law as data"."""


def openings(app: web.Application) -> None:
    app[FRAME].opening_of_new("create_event", _vat)
    app[FRAME].stands_at("event", ContextKind.ACTIVITY)


def _vat(read: Read, activity: str) -> Mapping[str, Any]:
    if not activity:
        return {}
    if (last := last_event(read, activity)) is not None:
        return {"vat_bp": last.vat_bp}
    zone = setting_at(read, institution_of(read, activity), TIMEZONE.key) or TIMEZONE.fallback
    rate = VAT_OF_SHOWS.get(country_of(zone))
    return {} if rate is None else {"vat_bp": rate}
