"""What the other ledger has answered, in the table of ledger batches: each answer once, by its content, for ever.

``ANSWER#<company>#<kind>#<number>`` has an item per answer, under the hash of what it says: ``at`` when it came, ``wi``
``wn`` ``wh`` from whom and how, ``ef`` ``de`` what it did, in a word and in words, ``oc`` what it said, ``q`` its place
among those that were applied, ``b`` its text, ``pg`` how many more pages it has, under the hash and a number.
``ANSWERS#UNREADABLE`` has what came in place of answers and is none: ``at``, ``de`` why, ``b`` its text.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from project_invoicing.domain.actor import Actor, How
from project_invoicing.domain.ledger_answer import Answer, Effect, Outcome, answer_in
from project_invoicing.store.errors import ConditionFailed, translated
from project_invoicing.store.items import Item, bounded
from project_invoicing.store.transactions import Write, get, put, query, update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from project_invoicing.domain.ledger_batch import BatchId

PAGE: Final = 350_000
"""Characters of an answer in one item; its text is ASCII, and an item has 400 KB."""

_UNREADABLE: Final = "ANSWERS#UNREADABLE"


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it is kept. ``place`` is its number among those that were applied, from 1."""

    hash: str
    at: str
    who: Actor
    outcome: Outcome
    effect: Effect
    detail: str
    place: int | None = None


class BatchAnswers:
    """Access to the answers about batches."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

    def get(self, id: BatchId, hash: str) -> KeptAnswer | None:
        """The answer with this content, if it has come before."""
        item = get(self.client, self.table, _answers(id), hash)
        return _kept(item) if item else None

    def of(self, id: BatchId) -> list[KeptAnswer]:
        """All that came about a batch, in the order of their coming."""
        heads = (item for item in query(self.client, self.table, _answers(id)) if "ef" in item)
        return sorted(map(_kept, heads), key=lambda one: (one.at, one.place or 0))

    def applied(self, id: BatchId, last: int | None = None) -> list[Answer]:
        """Those that changed something, in that order; only the first ``last`` of them, if that is given."""
        pages: dict[str, list[str]] = {}
        places: dict[str, int] = {}
        for item in query(self.client, self.table, _answers(id)):
            hash = str(item["sk"]).partition("#")[0]
            pages.setdefault(hash, []).append(str(item["b"]))
            if "q" in item:
                places[hash] = int(item["q"])
        chosen = sorted((place, hash) for hash, place in places.items() if last is None or place <= last)
        return [answer_in("".join(pages[hash])) for _, hash in chosen]

    def text(self, id: BatchId, hash: str) -> str:
        """What an answer says, as ``Answer.text``."""
        return "".join(str(item["b"]) for item in query(self.client, self.table, _answers(id), prefix=hash))

    def keep_pages(self, answer: Answer) -> None:
        """Writes what of an answer does not fit into its item, before that is written. Repeating it changes nothing."""
        for number, text in enumerate(_texts(answer)[1:], start=1):
            item = {"pk": _answers(answer.batch), "sk": f"{answer.hash}#{number:06d}", "b": text}
            with suppress(ConditionFailed), translated():
                self.client.put_item(**put(self.table, item, unless_exists=True)["Put"])

    def keep(self, answer: Answer, kept: KeptAnswer) -> Write:
        """The write of an answer, which joins the transaction of what it does. It must be new."""
        item = {"pk": _answers(answer.batch), "sk": kept.hash, **_values(answer, kept)}
        return put(self.table, item, unless_exists=True)

    def keep_again(self, answer: Answer, kept: KeptAnswer, before: KeptAnswer) -> Write:
        """As ``keep``, of an answer that came before and could do nothing ``before``."""
        expected = {"ef": before.effect, "at": before.at}
        return update(self.table, _answers(answer.batch), kept.hash, _values(answer, kept), expected=expected)

    def keep_unreadable(self, text: str, detail: str, at: str) -> None:
        """Keeps what came in place of an answer and is none, and why. Repeating it changes nothing."""
        hash = sha256(text.encode(errors="surrogatepass")).hexdigest()
        item = {
            "pk": _UNREADABLE,
            "sk": hash,
            "at": at,
            "de": detail,
            "b": text[:PAGE].encode("ascii", "replace").decode(),
        }
        with suppress(ConditionFailed), translated():
            self.client.put_item(**put(self.table, item, unless_exists=True)["Put"])

    def unreadable(self) -> list[tuple[str, str, str]]:
        """What came in place of answers: when, why it is none, and its text."""
        return sorted((item["at"], item["de"], item["b"]) for item in query(self.client, self.table, _UNREADABLE))


def _values(answer: Answer, kept: KeptAnswer) -> Item:
    texts = _texts(answer)
    return {
        "at": kept.at,
        "wi": kept.who.id,
        "wn": kept.who.name,
        "wh": kept.who.how,
        "oc": kept.outcome,
        "ef": kept.effect,
        "de": kept.detail,
        "q": kept.place,
        "pg": len(texts) - 1 or None,
        "b": texts[0],
    }


def _kept(item: Item) -> KeptAnswer:
    return KeptAnswer(
        hash=str(item["sk"]),
        at=item["at"],
        who=Actor(item["wi"], item["wn"], How(item["wh"])),
        outcome=Outcome(item["oc"]),
        effect=Effect(item["ef"]),
        detail=item["de"],
        place=item.get("q"),
    )


def _texts(answer: Answer) -> list[str]:
    text = answer.text
    return [text[start : start + PAGE] for start in range(0, len(text), PAGE)]


def _answers(id: BatchId) -> str:
    return f"ANSWER#{bounded(id.company)}#{id.kind}#{id.number:06d}"
