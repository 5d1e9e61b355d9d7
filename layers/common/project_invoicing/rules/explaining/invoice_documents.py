"""How the document of an invoice stands, and the mail with it, in words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from project_invoicing.domain.made_document import MadeDocument
    from project_invoicing.domain.mailed_document import MailedDocument
    from project_invoicing.rules.explaining.explanation import Explanation

_READY: Final = "ready"
_DONE: Final = "nothing: it is done"


def say_document(made: Explanation, document: MadeDocument | None, mail: MailedDocument | None) -> None:
    """Adds both to the facts, and what to do about a mail that is in trouble. An invoice without one says so."""
    if document is None:
        made.facts["document"] = "none"
    elif document.state == _READY:
        files = ", ".join(one.name for one in document.files)
        made.facts["document"] = f"ready since {document.at}: {files}"
    else:
        made.facts["document"] = "being made"
    if mail is None:
        return
    made.facts["mail"] = f"{mail.called}: mail {mail.attempt} to {mail.address}, asked for {mail.at}"
    if mail.in_trouble:
        made.next = [text for text in made.next if text != _DONE]
        made.advise(f"mail {mail.called}: {mail.says}")
