"""What people may ask for, as models: each command names a document and says what to do with it.

A command is written as ``{action: request}`` and read by ``reading.command_of``. Ids may be written as Dataverse writes
them, numbers with blanks around them. When a field does not accept a value, its validator's text says why.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, ClassVar, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from project_invoicing.errors import Rejected
from project_invoicing.use_cases.documents.given import given_actor, given_day
from project_invoicing.use_cases.documents.requests import row_id

SAID: Final = "said"
"""The type of errors whose text is meant for the person who asked."""
NAMING: Final = frozenset({"actor", "company", "proposal_id", "journal_id", "actual_id"})
"""Fields that say who asks and about what; the other fields of an edit are the changes."""


def wrong(text: str) -> PydanticCustomError:
    """The error of a field, with its text for the person who asked."""
    return PydanticCustomError(SAID, "{text}", {"text": text})


def _name(info: ValidationInfo) -> str:
    return str(info.field_name).rstrip("_")


def _text(value: object, info: ValidationInfo) -> str:
    if not isinstance(value, str) or not value.strip():
        raise wrong(f"the request needs {_name(info)}")
    return value.strip()


def _text_if_any(value: object, info: ValidationInfo) -> str | None:
    return None if value is None else _text(value, info)


def _id(value: object, info: ValidationInfo) -> str:
    if value is None:
        raise wrong(f"the request needs {_name(info)}")
    try:
        return row_id(value, _name(info))
    except Rejected as rejected:
        raise wrong(rejected.detail) from None


def _day(value: object, info: ValidationInfo) -> date:
    if value is None:
        raise wrong(f"the request needs {_name(info)}")
    try:
        return given_day(str(value).strip(), _name(info))
    except Rejected as rejected:
        raise wrong(rejected.detail) from None


def _day_if_any(value: object, info: ValidationInfo) -> date | None:
    return None if value is None else _day(value, info)


def _dimensions(value: Any) -> dict[str, str] | None:
    if value is None:
        return None
    if isinstance(value, dict) and all(isinstance(text, str) and text for pair in value.items() for text in pair):
        return value
    raise wrong(f'dimensions are written as {{"CostCenter": "007"}}, not {value!r}')


def _tags(value: Any) -> dict[str, str] | None:
    if value is None:
        return None
    if (
        isinstance(value, dict)
        and value
        and all(isinstance(text, str) and text for pair in value.items() for text in pair)
    ):
        return {label: text.strip() for label, text in value.items()}
    raise wrong(f'tags are written as {{"IndustryEvent": "2026 Event"}}, null for none, not {value!r}')


def _group(value: object, info: ValidationInfo) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise wrong(f"{_name(info)} is the name of a group or null, not {value!r}")


def _true(value: object, info: ValidationInfo) -> bool:
    if value is not True:
        raise wrong(f"{_name(info)} can only be true, not {value!r}")
    return True


def _actor(value: object) -> str | None:
    try:
        return given_actor(value)
    except Rejected as rejected:
        raise wrong(rejected.detail) from None


Text = Annotated[str, BeforeValidator(_text), Field(min_length=1)]
TextIfAny = Annotated[str | None, BeforeValidator(_text_if_any)]
RowId = Annotated[str, BeforeValidator(_id)]
"""The id of a Dataverse row, in any notation."""
Day = Annotated[date, BeforeValidator(_day)]
DayIfAny = Annotated[date | None, BeforeValidator(_day_if_any)]
Dimensions = Annotated[dict[str, str] | None, BeforeValidator(_dimensions)]
Tags = Annotated[dict[str, str] | None, BeforeValidator(_tags)]
TaxGroup = Annotated[str | None, BeforeValidator(_group)]
OnlyTrue = Annotated[bool, BeforeValidator(_true), WithJsonSchema({"const": True})]
Actor = Annotated[str | None, BeforeValidator(_actor)]


LINES: Final = "lines"
"""The field that chooses several lines of a document."""


class Command(BaseModel):
    """A person's request.

    ``actor`` is the id of who asks, optional where nobody signs in. It is logged with the outcome, returned in the
    answer, and kept in the history of the document.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    ACTION: ClassVar[str]

    actor: Actor = Field(None, description="the id of who asks, without blanks; logged, and given back in the answer")


class Edit(Command):
    """A change of a document before it is posted. Fields that are not given stay as they are."""

    ACTION: ClassVar[str] = "edit"

    @classmethod
    def editable(cls) -> list[str]:
        """The fields that it may change."""
        return sorted(cls.model_fields.keys() - NAMING - {LINES})

    @property
    def changes(self) -> dict[str, Any]:
        """The changes, ``None`` for a value to be removed."""
        return {name: getattr(self, name) for name in self.editable() if name in self.model_fields_set}
