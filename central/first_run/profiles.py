"""What a house's people usually may do: proposed once, the house's own afterwards."""

from collections.abc import Mapping

from central.first_run.ops import FirstProfile
from central.kernel.privileges import EVERYTHING, USUAL, UsualProfile
from central.web.texts import Texts, texts
from shared.languages import LANGUAGES


def administration() -> FirstProfile:
    return FirstProfile("ADMIN", {each: texts(each)("Administration") for each in LANGUAGES}, (EVERYTHING,))


def usual(language: str) -> dict[UsualProfile, FirstProfile]:
    """Box office, back office, gate staff, and who looks but touches nothing; what each may do, the areas say. Their
    codes are of the house's language."""
    said, codes = {each: _names(texts(each)) for each in LANGUAGES}, _codes(texts(language))
    return {
        profile: FirstProfile(codes[profile], {each: names[profile] for each, names in said.items()}, tuple(rights))
        for profile, rights in USUAL.items()
    }


def _codes(t: Texts) -> Mapping[UsualProfile, str]:
    return {
        UsualProfile.BOX_OFFICE: t("GUICHET"),
        UsualProfile.BACK_OFFICE: t("BACK-OFFICE"),
        UsualProfile.GATE: t("CONTROLE"),
        UsualProfile.READER: t("CONSULTATION"),
    }


def _names(t: Texts) -> Mapping[UsualProfile, str]:
    return {
        UsualProfile.BOX_OFFICE: t("Billetterie au guichet"),
        UsualProfile.BACK_OFFICE: t("Back-office"),
        UsualProfile.GATE: t("Contrôle d’accès"),
        UsualProfile.READER: t("Consultation"),
    }
