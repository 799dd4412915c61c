"""Mail, out of the outbox: letters with a link, and word of what changed for an operator, in the owner's language."""

from collections.abc import Mapping
from email.message import EmailMessage
from functools import partial
from typing import Any

import aiosmtplib

from central.kernel.actor import SYSTEM
from central.kernel.door import Door
from central.kernel.entity import Look
from central.kernel.personal_data import ERASED
from central.kernel.values import looked
from central.kernel.vault import Vault
from central.organisation.letters import StampLetter, addressed
from central.organisation.model import LetterKind, NoSignIn
from central.organisation.settings import MailConfig, Tls
from central.organisation.sign_in import digest
from central.web.texts import Texts, texts
from shared.ids import Id
from shared.outcome import Refused
from shared.runtime.system import SystemClock, fresh_id


class Mailer:
    """`send` does an outbox row: True when the mail server took the mail over, or nobody wants it any more."""

    def __init__(self, door: Door, config: MailConfig, public_url: str, vault: Vault) -> None:
        self._door, self._config, self._url, self._vault = door, config, public_url.rstrip("/"), vault
        self._clock = SystemClock()

    @property
    def works(self) -> bool:
        return bool(self._config.host)

    async def send(self, outbox_id: Id, said: Mapping[str, Any]) -> bool:
        if not self.works:
            raise ConnectionError("no mail server is configured: set mail.host")
        message = await self._letter(Id(said["letter"])) if "letter" in said else _notice(said)
        if message is None:
            return True  # the link is void by now, or whom it was for is forgotten
        # The same row sent again, after an answer that was lost, is the same mail.
        message["Message-ID"] = f"<{outbox_id}@{self._config.sender.rpartition('@')[2] or 'localhost'}>"
        message["From"] = self._config.sender
        message["Auto-Submitted"] = "auto-generated"
        await self._deliver(message)
        return True

    async def _letter(self, letter_id: Id) -> EmailMessage | None:
        # It follows from the letter's id, by a key that lies beside central's keys: a mail that has to be sent again,
        # because nobody knows whether it arrived, carries the same link, and the one before opens as well as this one.
        token = self._vault.token("letter", letter_id)
        stamped = await self._door.execute(
            SYSTEM, StampLetter(letter_id=letter_id, token_digest=digest(token)), fresh_id(self._clock)
        )
        if isinstance(stamped.outcome, Refused):
            if stamped.outcome.reason is not NoSignIn.LINK_OVER:  # it is tried again, and given up in the end
                raise OSError(f"the letter gets no link: {stamped.outcome.reason}")
            return None
        who: dict[str, Any] | None = await self._door.read(SYSTEM, partial(addressed, letter_id=letter_id))
        if who is None:
            return None
        page = "address" if who["kind"] == LetterKind.ADDRESS else "invitation"
        return _letter(who, f"{self._url}/{page}/{token}")

    async def _deliver(self, message: EmailMessage) -> None:
        config = self._config
        try:
            await aiosmtplib.send(
                message, hostname=config.host, port=config.port, timeout=config.timeout_s,
                use_tls=config.tls is Tls.TLS, start_tls=config.tls is Tls.STARTTLS,
                username=config.user or None, password=config.password or None,
            )  # fmt: skip
        except aiosmtplib.SMTPException as fault:
            raise ConnectionError(_said(fault)) from None  # what it was told from is not for a log either


def _said(fault: aiosmtplib.SMTPException) -> str:
    """Why a letter did not leave, for the log. A server's answer often repeats whom the letter is for, and the log
    keeps what it is told: of an answer it gets the codes alone."""
    refused = fault.recipients if isinstance(fault, aiosmtplib.SMTPRecipientsRefused) else [fault]
    codes = {str(each.code) for each in refused if isinstance(each, aiosmtplib.SMTPResponseException)}
    return " ".join([type(fault).__name__, *sorted(codes)]) if codes else f"{type(fault).__name__}: {fault}"


def _letter(who: Mapping[str, Any], link: str) -> EmailMessage:
    t = texts(who["language"])
    if who["kind"] == LetterKind.INVITATION:
        subject = t("Votre accès à Parterre")
        lines = [
            t("Un accès à l’administration de la billetterie vous attend."),
            t("Choisissez votre mot de passe :"), link,
            t("Ce lien est valable sept jours et ne sert qu’une fois."),
        ]  # fmt: skip
    elif who["kind"] == LetterKind.ADDRESS:
        subject = t("Votre nouvelle adresse dans Parterre")
        lines = [
            t("Ouvrez ce lien pour que cette adresse devienne celle de votre accès :"), link,
            t("Ce lien est valable un jour et ne sert qu’une fois."),
            t("Si ce n’était pas vous, ne faites rien : rien n’a changé."),
        ]  # fmt: skip
    else:
        subject = t("Un nouveau mot de passe pour Parterre")
        lines = [
            t("Quelqu’un, sans doute vous, a demandé un nouveau mot de passe."),
            t("Choisissez-le ici :"), link,
            t("Ce lien est valable une heure et ne sert qu’une fois."),
            t("Si ce n’était pas vous, ne faites rien : rien n’a changé."),
        ]  # fmt: skip
    return _message(t, who["to"], who["name"], subject, lines)


def _notice(said: Mapping[str, Any]) -> EmailMessage | None:
    if said["to"] == ERASED:
        return None
    t = texts(said["language"])
    what = {
        "password_changed": t("Votre mot de passe vient d’être changé."),
        "mail_address_changed": t("L’adresse de votre accès vient d’être changée : nous n’écrirons plus ici."),
        "mail_address_asked": t(
            "Une autre adresse a été demandée pour votre accès ; elle la remplacera quand le lien envoyé là-bas "
            "sera ouvert."
        ),
        "second_factor_set": t("Un second facteur protège désormais votre accès."),
        "second_factor_removed": t("Le second facteur de votre accès vient d’être retiré."),
        "recovery_code_used": t("Un de vos codes de secours vient de servir."),
        "recovery_codes_renewed": t("Vos codes de secours viennent d’être remplacés."),
    }[said["notice"]]
    lines = [what, t("Si ce n’était pas vous, prévenez tout de suite la personne qui administre la maison.")]
    return _message(t, said["to"], said["name"], t("Un changement de votre accès à Parterre"), lines)


def _message(t: Texts, to: str, name: str, subject: str, lines: list[str]) -> EmailMessage:
    if looked("email", Look.EMAIL, to):  # taken before it was refused: given up in the end, as what no server takes
        raise OSError("the address is none that a letter goes to")
    message = EmailMessage()
    message["To"] = to
    message["Subject"] = subject
    message.set_content("\n\n".join([t("Bonjour {name},", name=name), *lines]) + "\n")
    message["Content-Language"] = t.language
    return message
