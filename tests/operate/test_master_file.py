"""Files with finance's own columns, and columns as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from operate import master_file
from operate.invalid_input import InvalidInput
from operate.master_import import entries
from project_invoicing.domain.master_data import NameKey, Part
from project_invoicing.setup.document import SetupDocument
from tests.setups import document

CUSTOMER = NameKey(Part.CUSTOMERS, "USPM", "C-001")


def written(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def problem(path: Path) -> str:
    with pytest.raises(InvalidInput) as refused:
        master_file.read(path)
    (said,) = refused.value.problems
    return said.removeprefix(str(path))


def test_what_is_typed_becomes_columns() -> None:
    typed = ["sales_tax_group=DOM", "on_hold=true", "terms_of_payment=null", "dimensions.CostCenter=007"]
    assert master_file.typed(typed) == {
        "sales_tax_group": "DOM",
        "on_hold": True,
        "terms_of_payment": None,
        "dimensions": {"CostCenter": "007"},
    }


@pytest.mark.parametrize("texts", [["on_hold"], ["=DOM"], ["group=A", "group=B"], ["dimensions.A=1", "dimensions.A=2"]])
def test_what_is_typed_wrong_is_refused(texts: list[str]) -> None:
    with pytest.raises(InvalidInput):
        master_file.typed(texts)


def test_a_tree_is_read_by_part_company_and_number(tmp_path: Path) -> None:
    text = 'customers:\n  USPM:\n    C-001: {on_hold: true, dimensions: {CostCenter: "007"}}\nproducts:\n  P-1: {}\n'
    first, second = master_file.read(written(tmp_path, "finance.yaml", text))
    assert (first.key, first.columns) == (CUSTOMER, {"on_hold": True, "dimensions": {"CostCenter": "007"}})
    assert (second.key, second.columns) == (NameKey(Part.PRODUCTS, "", "P-1"), {})
    assert first.where.endswith("finance.yaml:3")


def test_a_table_is_read_with_its_empty_cells_left_out(tmp_path: Path) -> None:
    text = (
        "part,company,number,sales_tax_group,dimensions.CostCenter\n"
        'customers,USPM,C-001,DOM,007\n\ncustomers,USPM,"C-002",,\nproducts,,P-1,null,\n'
    )
    first, second, third = master_file.read(written(tmp_path, "finance.csv", text))
    assert first.columns == {"sales_tax_group": "DOM", "dimensions": {"CostCenter": "007"}}
    assert second.columns == {}
    assert (third.key, third.columns) == (NameKey(Part.PRODUCTS, "", "P-1"), {"sales_tax_group": None})
    assert [entry.where.rpartition(":")[2] for entry in (first, second, third)] == ["2", "4", "5"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "", ":1: the first line names the columns; part, company, number is missing"),
        ("a.csv", "part,company,number\n", ": names nothing; it has lines of"),
        ("a.csv", "part,company,number,group,group\n", ":1: group is here twice"),
        ("a.csv", "part,company,number\ncustomers,USPM\n", ":2: has 2 cells, and the first line names 3 columns"),
        ("a.csv", "part,company,number\ncustomer,USPM,C-1\n", ":2: 'customer' is none of customers, contracts"),
        ("a.csv", "part,company,number\ncustomers,USPM,\n", ":2: number is empty"),
        ("a.csv", 'part,company,number\n"customers,USPM,C\n', ":2: unexpected end of data"),
        ("a.csv", "part,company,number\ncustomers,USPM,C\ncustomers,USPM,C\n", ":3: customers USPM C is here twice"),
        ("a.yaml", "", ":1: is empty; it names customers, projects"),
        ("a.yaml", "customer: {}\n", ":1: 'customer' is none of"),
        ("a.yaml", "customers:\n  USPM: [C-1]\n", ":2: ['C-1'] must be a mapping"),
        ("a.yaml", "customers:\n  USPM:\n    C-1: DOM\n", ":3: 'DOM' must be a mapping"),
        ("a.yaml", "customers: {}\n", ": names nothing"),
        ("a.json", '{"customers": {"USPM": {"C-1": {"group": 1,}}}}', ":1: "),
    ],
)
def test_a_file_that_is_wrong_names_the_line(tmp_path: Path, name: str, text: str, said: str) -> None:
    assert problem(written(tmp_path, name, text)).startswith(said)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert "No such file" in problem(tmp_path / "none.csv")


# --- what a document says already ---


def test_the_columns_of_a_document_are_taken_by_the_company_that_owns_each_entry() -> None:
    setup = SetupDocument.model_validate(document(("contract_lines.CTR-1-1.dimensions", {"CostCenter": "007"})))
    found = dict(entries(setup))
    assert found[CUSTOMER] == {"sales_tax_group": "DOM"}
    rate = {"currency": "GBP", "rate": "125", "factor": "100"}
    assert found[NameKey(Part.CONTRACTS, "USPM", "CTR-1")] == {"fixed_exchange_rate": rate}
    assert found[NameKey(Part.CONTRACT_LINES, "USPM", "CTR-1-1")] == {"dimensions": {"CostCenter": "007"}}
    assert found[NameKey(Part.PROJECTS, "USPM", "PRJ-1")] == {"group": "TM", "sales_tax_group": "DOM"}
    assert found[NameKey(Part.PRODUCTS, "", "P-100")] == {"item_sales_tax_group": "GOODS"}
    assert NameKey(Part.CUSTOMERS, "GBPM", "IC-USPM") not in found  # it says nothing that is finance's


def test_what_dataverse_carries_too_is_taken_only_where_that_is_asked_for() -> None:
    found = dict(entries(SetupDocument.model_validate(document()), all_columns=True))
    assert found[CUSTOMER] == {"group": "DOM", "sales_tax_group": "DOM", "terms_of_payment": "N30"}


def test_an_entry_without_a_company_counts_for_all_of_them() -> None:
    setup = SetupDocument.model_validate(document(projects={"PRJ-1": {"group": "TM"}}, profile_rules=[]))
    projects = [key.company for key, _ in entries(setup) if key.part is Part.PROJECTS]
    assert projects == ["USPM", "GBPM"]
