"""What a house's people usually may do: proposed once, the house's own afterwards."""

from central.first_run.ops import FirstProfile
from central.kernel.privileges import EVERYTHING
from central.kernel.registry import privileges
from central.web.texts import Texts, texts
from shared.languages import LANGUAGES

_PRIVATE = ("organisation.operator.", "organisation.profile.", "organisation.session.", "organisation.audit.")


def administration() -> FirstProfile:
    return FirstProfile("ADMIN", {each: texts(each)("Administration") for each in LANGUAGES}, (EVERYTHING,))


def usual() -> tuple[FirstProfile, ...]:
    """Box office, back office, gate staff, and who looks but touches nothing."""
    known = privileges()
    reads = tuple(each for each in known if each.endswith(".read") and not each.startswith(_PRIVATE))
    on_sale = ("catalogue.event.read", "venues.venue.read", "pricing.grid.read", "selling.channel.read")
    named = {
        "BOX-OFFICE": ("orders", "inventory.contingent.read", "inventory.place.block", *on_sale),
        "BACK-OFFICE": ("organisation.context", "venues", "catalogue", "pricing", "selling", "inventory", "orders",
                        "ledger.move.read", "access.scan.read", "devices.device.read"),
        "GATE": ("access", "catalogue.event.read", "venues.venue.read", "orders.order.read", "devices.device.read"),
        "READER": reads,
    }  # fmt: skip
    said = {language: _names(texts(language)) for language in LANGUAGES}
    return tuple(
        FirstProfile(code, {language: names[n] for language, names in said.items()}, tuple(nodes))
        for n, (code, nodes) in enumerate(named.items())
    )


def _names(t: Texts) -> tuple[str, ...]:
    """In the order of the profiles."""
    return t("Billetterie au guichet"), t("Back-office"), t("Contrôle d’accès"), t("Consultation")
