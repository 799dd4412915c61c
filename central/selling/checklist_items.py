"""What a house needs to sell anywhere: channels and points of sale."""

from collections.abc import Callable
from typing import Any

from central.kernel.checklist import ItemStanding, needed, of_table, t
from central.kernel.contexts import ContextKind, path_of
from central.kernel.languages import spoken_first
from central.kernel.tx import Read
from central.selling.model import ChannelKind, SellingPrivilege
from central.selling.usual_channels import CreateChannels, NewChannel
from shared.ids import Id


def usual_channels(read: Read, organiser: str, _: Id, names: Callable[..., dict[str, str]]) -> Any:
    """Box office and kiosk, each with a point of sale; codes are in the house's language, too. Nothing of a shop on the
    internet, which there is none of yet."""
    language = spoken_first(read)
    wanted = (
        (t("GUICHET"), t("Guichet"), ChannelKind.BOX_OFFICE, 50, t("Guichet 1")),
        (t("BORNE"), t("Bornes"), ChannelKind.KIOSK, 10, t("Borne 1")),
    )
    return CreateChannels(
        context_id=Id(organiser),
        channels=tuple(
            NewChannel(code, names(name), kind, most, f"{code}-1", names(point))
            for said, name, kind, most, point in wanted
            for code in (names(said)[language],)
        ),
    )


@needed(
    t("Canaux de vente"), at=ContextKind.ORGANISER, order=200, usual=usual_channels, needs=SellingPrivilege.CHANNEL_READ
)
def channels(read: Read, organiser: str) -> ItemStanding:
    institution = path_of(read, organiser)[-1]
    return of_table(read, "channel", institution, t("Dites par où vous vendez : guichet, borne."))


@needed(t("Points de vente"), at=ContextKind.ORGANISER, order=210, needs=SellingPrivilege.CHANNEL_READ)
def points_of_sale(read: Read, organiser: str) -> ItemStanding:
    return of_table(
        read, "point_of_sale", organiser, t("Créez un point de vente dans un canal : c’est lui qui encaisse."),
        where=" AND active = 1",
    )  # fmt: skip
