"""Every trouble the printer agent knows: code, sentence, next step. docs/devices/printer.md shows the same table; a
test keeps the two alike. Staff read these; what a visitor reads is the kiosk's."""

from dataclasses import dataclass

from shared.wire.printing import PrinterStatus


class PrinterCode:
    """Codes as they stand on screens and in facts."""

    PAPER_OUT = "P-01"
    COVER_OPEN = "P-02"
    CUTTER = "P-03"
    OFFLINE = "P-04"
    SILENT = "P-05"
    NEAR_END = "P-06"
    LINE_LOST = "P-07"
    NO_PROOF = "P-08"
    RESTARTED = "P-09"
    TOO_LATE = "P-10"
    STOPPED = "P-11"
    NO_AGENT = "P-12"
    QUEUE_FULL = "P-13"


@dataclass(frozen=True, slots=True)
class PrinterTrouble:
    """`sentences` and `steps` by language."""

    code: str
    sentences: dict[str, str]
    steps: dict[str, str]


def _trouble(code: str, fr: tuple[str, str], en: tuple[str, str]) -> PrinterTrouble:
    return PrinterTrouble(code, {"fr": fr[0], "en": en[0]}, {"fr": fr[1], "en": en[1]})


TROUBLES = {
    trouble.code: trouble
    for trouble in (
        _trouble(
            PrinterCode.PAPER_OUT,
            ("L’imprimante n’a plus de papier.", "Mettre un rouleau neuf de 80 mm et fermer le capot."),
            ("The printer is out of paper.", "Put in a new 80 mm roll and close the cover."),
        ),
        _trouble(
            PrinterCode.COVER_OPEN,
            ("Le capot de l’imprimante est ouvert.", "Fermer le capot jusqu’au déclic."),
            ("The printer's cover is open.", "Close the cover until it clicks."),
        ),
        _trouble(
            PrinterCode.CUTTER,
            ("Le massicot est bloqué.", "Éteindre l’imprimante, retirer le papier coincé, rallumer."),
            ("The cutter is jammed.", "Switch the printer off, take out the jammed paper, switch it on."),
        ),
        _trouble(
            PrinterCode.OFFLINE,
            ("L’imprimante signale une panne ou est hors ligne.", "Lire ses voyants, l’éteindre et la rallumer."),
            ("The printer reports a fault or is offline.", "Read its lamps, switch it off and on."),
        ),
        _trouble(
            PrinterCode.SILENT,
            ("L’imprimante ne répond pas.", "Vérifier son alimentation et son câble, puis l’adresse configurée."),
            ("The printer does not answer.", "Check its power and its cable, then the configured address."),
        ),
        _trouble(
            PrinterCode.NEAR_END,
            ("Le rouleau de papier est presque fini.", "Préparer un rouleau ; la vente continue."),
            ("The paper roll is nearly used up.", "Bring a roll; selling goes on."),
        ),
        _trouble(
            PrinterCode.LINE_LOST,
            (
                "La liaison s’est rompue pendant l’impression d’un billet.",
                "Regarder si le billet est sorti et répondre.",
            ),
            ("The line broke while a ticket was being sent.", "Look whether the ticket came out, and answer."),
        ),
        _trouble(
            PrinterCode.NO_PROOF,
            ("L’imprimante n’a pas confirmé l’impression d’un billet.", "Regarder si le billet est sorti et répondre."),
            ("The printer did not confirm a ticket.", "Look whether the ticket came out, and answer."),
        ),
        _trouble(
            PrinterCode.RESTARTED,
            ("Le système a redémarré pendant une impression.", "Regarder si le billet est sorti et répondre."),
            ("The system restarted while a ticket was being printed.", "Look whether the ticket came out, and answer."),
        ),
        _trouble(
            PrinterCode.TOO_LATE,
            ("L’impression a trop attendu et n’a pas eu lieu.", "Réimprimer les billets au guichet."),
            ("The job waited too long and was not printed.", "Print the tickets at the box office."),
        ),
        _trouble(
            PrinterCode.STOPPED,
            ("Non imprimé : un billet précédent de la commande a échoué.", "Régler d’abord ce billet, puis imprimer."),
            ("Not printed: an earlier ticket of the order went wrong.", "Settle that ticket first, then print."),
        ),
        _trouble(
            PrinterCode.NO_AGENT,
            ("Le service d’impression ne répond pas.", "Vérifier le service parterre-printer sur cette machine."),
            ("The print service does not answer.", "Check the parterre-printer service on this machine."),
        ),
        _trouble(
            PrinterCode.QUEUE_FULL,
            ("La file d’impression est pleine.", "Remettre l’imprimante en état ; les billets ne sont pas perdus."),
            ("The print queue is full.", "Put the printer right; no ticket is lost."),
        ),
    )
}

STATUS_CODE = {
    PrinterStatus.OK: "",
    PrinterStatus.NEAR_END: PrinterCode.NEAR_END,
    PrinterStatus.PAPER_OUT: PrinterCode.PAPER_OUT,
    PrinterStatus.COVER_OPEN: PrinterCode.COVER_OPEN,
    PrinterStatus.CUTTER_ERROR: PrinterCode.CUTTER,
    PrinterStatus.OFFLINE: PrinterCode.OFFLINE,
    PrinterStatus.UNKNOWN: PrinterCode.SILENT,
}
