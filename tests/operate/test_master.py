"""``invoicing master``: finance's own columns are set, shown and listed, over the tables of a stack."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local import engines
from local.cli import main
from operate import setup_numbers, stack_tables
from project_invoicing import bootstrap
from project_invoicing.config import settings
from project_invoicing.domain.actual import RowVersion
from project_invoicing.domain.master_data import NameKey, Part, SeenName
from project_invoicing.domain.master_row import ArrivedRow
from project_invoicing.store.master_data import MasterData
from project_invoicing.use_cases.master_data.set_columns import set_columns
from project_invoicing.use_cases.master_data.settle import Settling
from tests import policies
from tests.builders import guid
from tests.harness import World
from tests.setups import document

AT = "2026-08-31T09:00:00.000Z"
USPM = ["cdm_company", guid("USPM"), "USPM"]

COMPANY_UNKNOWN = (
    "company_unknown: the row names no company and no unit; fill one in, or name the column in TABLE_MAP_OVERRIDES"
)

Told = Callable[..., Any]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with engines.running("moto"):
        made = World()
        made.load(document())
        for name in ("staging", "journals", "proposals", "ledger", "setup", "master_data", "dataverse"):
            monkeypatch.setenv(f"{name.upper()}_TABLE", getattr(made.names, f"{name}_table"))
        settings.cache_clear()
        yield made
    bootstrap.forget()


@pytest.fixture
def master(world: World) -> MasterData:
    return MasterData(world.client, world.names.master_data_table)


@pytest.fixture
def arrive(master: MasterData) -> Callable[..., None]:
    settling = Settling(master, dict, lambda: True, AT)
    settling.arrived(
        ArrivedRow("cdm_company", guid("USPM"), RowVersion(1, AT, "h"), {"code": "USPM", "name": "Contoso"})
    )

    def arrived(entity: str, id: str, version: int = 1, *, deleted: bool = False, **columns: Any) -> None:
        row = ArrivedRow(
            entity, guid(id), RowVersion(version, AT, f"h{version}"), None if deleted else columns, deleted
        )
        settling.arrived(row)

    return arrived


def asked(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    """What a command with ``--json`` says."""
    assert main([*words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def finance(master: MasterData, part: Part, number: str, company: str = "USPM") -> dict[str, Any]:
    key = NameKey(part, company, number)
    seen = master.read([key])[key]
    return dict(seen.finance) if isinstance(seen, SeenName) else {}


def test_columns_are_set_before_any_row_is_there_and_taken_back_one_by_one(
    master: MasterData, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["master", "set", "customers", "USPM", "C-9", "sales_tax_group=DOM", "dimensions.CostCenter=007"]) == 0
    said = capsys.readouterr().out
    assert 'customers USPM C-9: sales_tax_group "DOM", dimensions {"CostCenter": "007"}; no row from' in said
    assert said.endswith("1 changed, 0 as they were\n")
    assert main(["master", "set", "customers", "USPM", "C-9", "sales_tax_group=null"]) == 0
    assert finance(master, Part.CUSTOMERS, "C-9") == {"dimensions": {"CostCenter": "007"}}
    assert main(["master", "set", "customers", "USPM", "C-9", "dimensions=null"]) == 0
    assert finance(master, Part.CUSTOMERS, "C-9") == {}


def test_a_file_sets_many_and_given_again_changes_nothing(
    master: MasterData, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "finance.csv"
    lines = [f"projects,USPM,PRJ-{number},TM" for number in range(250)]
    file.write_text("\n".join(["part,company,number,group", *lines]), "utf-8")
    assert main(["master", "set", "--file", str(file)]) == 0
    assert "250 changed, 0 as they were\n250 have no row from Dataverse yet" in capsys.readouterr().out
    assert main(["master", "set", "--file", str(file)]) == 0
    assert "0 changed, 250 as they were" in capsys.readouterr().out
    assert finance(master, Part.PROJECTS, "PRJ-249") == {"group": "TM"}


def test_a_file_with_one_wrong_line_writes_nothing_and_names_every_wrong_one(
    master: MasterData, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "finance.csv"
    text = "part,company,number,sales_tax_group\ncustomers,USPM,A,DOM\ncustomers,USPM,B,NO\ncustomers,XX,C,DOM\n"
    file.write_text(text, "utf-8")
    assert main(["master", "set", "--file", str(file)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert [line.removeprefix(f"{file}:").split(":")[0] for line in said] == ["4", "3"]
    assert "customers B: sales_tax_group: 'NO' is not in sales_tax.groups" in said[1]
    assert finance(master, Part.CUSTOMERS, "A") == {}


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["set"], "say which PART"),
        (["set", "customers", "C-1", "on_hold=true"], "give the company and the number of one of the customers"),
        (["set", "products", "USPM", "P-1", "item_sales_tax_group=GOODS"], "give the number alone"),
        (["set", "customers", "USPM", "C-1"], "there is nothing to set"),
        (["set", "customers", "USMP", "C-1", "on_hold=true"], "company USMP: did you mean USPM?"),
        (["set", "customers", "--file", "none.csv"], "--file: the file names everything"),
        (["show", "customers", "C-1"], "give the company and the number"),
        (["show", "customers", "USMP", "C-1"], "COMPANY: there is no company 'USMP'; did you mean USPM?"),
    ],
)
def test_what_is_typed_wrong_is_one_sentence(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["master", *words]) == 2
    assert said in capsys.readouterr().err


def test_show_says_which_value_comes_from_where(
    world: World, arrive: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    arrive("account", "C-1", number="C-001", company=USPM, name="Adatum AG", email="a@adatum.example")
    main(["master", "set", "customers", "USPM", "C-001", "sales_tax_group=EXP"])
    capsys.readouterr()
    (found,) = asked(capsys, "master", "show", "customers", "USPM", "C-001")["found"]
    assert found["headline"] == "Customer C-001, Adatum AG"
    assert found["facts"]["name"] == "Adatum AG (from the row from Dataverse)"
    assert found["facts"]["sales tax group"] == "EXP (from finance's own column)"
    assert found["facts"]["terms of payment"] == "N30 (from the set-up document)"
    assert found["facts"]["row"] == f"account {guid('C-1')}, version 1"
    assert found["facts"]["row: email"] == "a@adatum.example"
    assert world.names.master_data_table


def test_names_are_found_by_their_beginning(arrive: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    arrive("account", "C-9", number="C-009", company=USPM, name="Zenith Tools")
    (row,) = asked(capsys, "master", "find", "zeNI", "--company", "USPM")["rows"]
    assert (row["part"], row["number"], row["name"], row["id"]) == ("customers", "C-009", "Zenith Tools", guid("C-9"))
    assert asked(capsys, "master", "find", "tools", code=2) == {"rows": []}
    assert main(["master", "find", "z"]) == 2
    assert "write 2 letters" in capsys.readouterr().err


@pytest.mark.usefixtures("world")
def test_show_knows_what_only_the_document_has_and_says_what_nothing_has(capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = asked(capsys, "master", "show", "projects", "USPM", "PRJ-1")["found"]
    assert found["facts"]["group"] == "TM (from the set-up document)"
    assert found["facts"]["row"] == "no row from Dataverse has this name"
    answer = asked(capsys, "master", "show", "projects", "USPM", "PRJ-77", code=2)
    assert answer["found"] == []
    assert "check it" in answer["next"][0]


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("master list", "No row has arrived yet."),
        ("master list projects", "No row of projects has arrived yet."),
        ("master list projects --company USPM --problems",
         "There is no row of projects with --company USPM --problems."),
        ("list waiting", "Nothing waits."),
        ("list waiting --company USPM", "Nothing is listed among waiting with --company USPM."),
        ("list proposals", "There are no proposals."),
        ("list proposals --status ready --since 2026-08-01",
         "Nothing is listed among proposals with --status ready --since 2026-08-01."),
    ],
)  # fmt: skip
def test_an_empty_list_says_whether_there_is_nothing_or_nothing_like_what_was_asked(
    words: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == 0
    assert told in capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("world")
def test_a_company_that_the_set_up_does_not_have_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["master", "list", "--company", "NOPE"]) == 2
    assert "--company: there is no company 'NOPE'" in capsys.readouterr().err


@pytest.mark.usefixtures("world")
def test_a_list_names_rows_with_their_problems(arrive: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    arrive("account", "one", number="C-7", company=USPM, name="First")
    arrive("account", "two", number="C-7", company=USPM, name="Second")
    arrive("msdyn_project", "three", number="PRJ-7", name="Nowhere")
    listed = asked(capsys, "master", "list")["rows"]
    assert {row["name"] for row in listed} == {"Contoso", "First", "Second", "Nowhere"}
    problems = asked(capsys, "master", "list", "--problems", code=1)["rows"]
    assert {row["name"]: row["problem"].split(":")[0] for row in problems} == {
        "Second": "duplicate_number",
        "Nowhere": "company_unknown",
    }
    assert [row["id"] for row in asked(capsys, "master", "list", "projects")["rows"]] == [guid("three")]
    assert asked(capsys, "master", "list", "--deleted") == {"rows": []}
    assert main(["master", "list", "--problems"]) == 1
    assert "duplicate_number" in capsys.readouterr().out


@pytest.mark.usefixtures("world")
def test_a_list_of_problems_has_contracts_whose_shares_do_not_add_up(
    arrive: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    arrive("salesorder", "one", number="CTR-7", company=USPM, name="Shared")
    rule = {"contract": ["salesorder", guid("one")], "customer": ["account", guid("two")], "percent": "99"}
    arrive("msdyn_projectcontractsplitbillingrule", "rule", **rule)
    (problem,) = asked(capsys, "master", "list", "--problems", code=1)["rows"]
    assert (problem["number"], problem["problem"].split(":")[0]) == ("CTR-7", "split_not_whole")


@pytest.mark.usefixtures("world")
def test_explain_says_what_a_currency_needs_that_has_no_precision(
    arrive: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    arrive("transactioncurrency", "CHF", code="CHF")
    (found,) = asked(capsys, "explain", guid("CHF"))["found"]
    assert found["headline"] == "Currency CHF, cannot be used"
    assert any("has no precision; add it to currencies" in text for text in found["next"])


@pytest.mark.usefixtures("world")
def test_explain_names_a_customer_by_number_and_by_id(
    arrive: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    arrive("account", "C-1", number="C-001", company=USPM, name="Adatum AG")
    (by_number,) = asked(capsys, "explain", "C-001")["found"]
    (by_id,) = asked(capsys, "explain", guid("C-1"))["found"]
    assert by_number == by_id
    arrive("account", "two", number="C-001", company=USPM, name="Second")
    (second,) = asked(capsys, "explain", guid("two"))["found"]
    assert second["headline"] == "Customer Second, cannot be used: duplicate_number"
    assert second["next"]


@pytest.mark.usefixtures("world")
def test_explain_of_a_contract_names_its_customers_with_their_shares_and_of_a_project_its_lines(
    arrive: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    contract = ["salesorder", guid("K"), "CTR-9"]
    arrive("account", "one", number="C-8", company=USPM, name="One")
    arrive("salesorder", "K", number="CTR-9", company=USPM, name="K")
    arrive("msdyn_project", "P", number="PRJ-9", company=USPM, name="P", open=True)
    arrive("salesorderdetail", "L", number="1", contract=contract, project=["msdyn_project", guid("P")])
    for customer, percent in (("one", "60"), ("two", "39")):
        rule = {"contract": contract, "customer": ["account", guid(customer)], "percent": percent}
        arrive("msdyn_projectcontractsplitbillingrule", f"rule {customer}", **rule)
    (found,) = asked(capsys, "explain", "CTR-9")["found"]
    assert set(found["facts"]["customers and shares"].split(", ")) == {"C-8 60 %", f"{guid('two')} 39 %"}
    assert any(text.startswith("split_not_whole: ") for text in found["next"])
    (project,) = asked(capsys, "explain", "PRJ-9")["found"]
    assert project["facts"]["contract lines"] == "CTR-9-1"


@pytest.mark.usefixtures("world")
class TestBadInput:
    """Each bad row says what is wrong with it and what to do, and its neighbours can be used."""

    @pytest.fixture
    def listed(self, arrive: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
        """What the list of problems says of each row, by its name here."""
        good: dict[str, Any] = {"company": USPM, "open": True}
        arrive("msdyn_project", "a project without company", number="PRJ-10", name="Nobody's", open=True)
        arrive("msdyn_project", "a good one", number="PRJ-11", name="Good", **good)
        for name in ("the first", "the second of two rows with one number"):
            arrive("account", name, number="C-7", company=USPM, name=name)
        circle = ["a cycle of merged accounts", "its second", "its third"]
        for n, name in enumerate(circle):
            into = ["account", guid(circle[(n + 1) % 3])]
            arrive("account", name, number=f"C-{n}", company=USPM, name=name, merged_into=into)
        arrive("transactioncurrency", "a currency without precision", code="CHF", name="Franc")
        arrive("transactioncurrency", "with one", code="SEK", name="Crown", precision=2)
        arrive("salesorder", "a split of 99 %", number="CTR-9", company=USPM, name="Split")
        for name, percent in (("the first", "60"), ("another", "39")):
            shares = {"contract": ["salesorder", guid("a split of 99 %")], "customer": ["account", guid(name)]}
            arrive("msdyn_projectcontractsplitbillingrule", f"share of {name}", percent=percent, **shares)
        found = {row["id"]: row["problem"] for row in asked(capsys, "master", "list", "--problems", code=1)["rows"]}
        names = ["a project without company", "the second of two rows with one number", *circle]
        names += ["a currency without precision", "a split of 99 %"]
        assert found.keys() == set(map(guid, names))
        return {name: found[guid(name)] for name in names}

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            (
                "a project without company",
                COMPANY_UNKNOWN,
            ),
            (
                "the second of two rows with one number",
                f"duplicate_number: C-7 is the number of account {guid('the first')} already; change one of the two",
            ),
            (
                "a cycle of merged accounts",
                f"merge_cycle: it was merged into {guid('its second')}, which leads back to it; undo one of the merges",
            ),
            (
                "a currency without precision",
                "currency_unknown: currency CHF has no precision; add it to currencies",
            ),
            (
                "a split of 99 %",
                "split_not_whole: the shares of the contract's customers make 99 %, not 100; correct them in Dataverse",
            ),
        ],
    )
    def test_it_says_what_to_do_in_the_list_and_where_it_is_explained(
        self, listed: dict[str, str], name: str, said: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert listed[name] == said
        (explained,) = asked(capsys, "explain", guid(name))["found"]
        assert any(text.endswith(said.partition(": ")[2]) for text in explained["next"])

    @pytest.mark.usefixtures("listed")
    def test_its_neighbours_are_unharmed_and_its_number_is_shown(self, capsys: pytest.CaptureFixture[str]) -> None:
        for number in ("PRJ-11", "C-7", "CTR-9"):
            (explained,) = asked(capsys, "explain", number)["found"]
            assert "cannot be used" not in explained["headline"]
        assert main(["master", "list", "projects", "--problems"]) == 1
        assert "PRJ-10 Nobody's\n    company_unknown: " in capsys.readouterr().out


def test_an_old_number_in_the_policy_is_said_at_a_load_by_a_check_of_the_stack_and_by_explain(
    world: World,
    arrive: Callable[..., None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A row that is renumbered goes on being posted by the rules that name its old number (D-156)."""
    arrive("msdyn_project", "PRJ-2", number="PRJ-2", company=USPM, open=True)
    arrive("msdyn_project", "PRJ-2", 2, number="PRJ-2B", company=USPM, open=True)
    rules = [*document()["profile_rules"], {"company": "USPM", "profile": "TM-WIP", "project": "PRJ-2"}]
    file = tmp_path / "setup.json"
    file.write_text(json.dumps({**document(), "profile_rules": rules}, default=str), "utf-8")
    path = f"profile_rules[{len(rules) - 1}].project"
    said = f"{path}: names project PRJ-2 of USPM, which is PRJ-2B now: it goes on applying to it; write PRJ-2B"

    assert asked(capsys, "setup", "load", str(file))["warnings"] == [f"{file}:1: {said}"]
    assert main(["setup", "load", str(file)]) == 0
    assert said in capsys.readouterr().out
    for module in (setup_numbers, stack_tables):  # the tables of a test have no stack's name
        monkeypatch.setattr(module, "named", lambda *_: world.names)
    found = asked(capsys, "check", "setup", str(file), "--stack", "invoicing")["warnings"]
    assert f"{file}:1: {said}" in found
    assert f"{file}:1: {said}" not in asked(capsys, "check", "setup", str(file))["warnings"]
    for number in ("PRJ-2", "PRJ-2B"):
        (explained,) = asked(capsys, "explain", number)["found"]
        assert f"the set-up: {said}" in explained["next"]


def test_a_check_of_a_stack_names_customers_by_rows_and_finances_own_columns_too(
    world: World,
    arrive: Callable[..., None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = {"address": {"country": "US"}}
    made = document()
    made["companies"]["USPM"]["document"] = {**address, "delivery": {"channel": "mail"}}
    file = tmp_path / "setup.json"
    file.write_text(json.dumps(made, default=str), "utf-8")
    arrive("account", "C-77", number="C-77", company=USPM, name="Only a row")
    master = MasterData(world.client, world.names.master_data_table)
    complete = {**address, "delivery": {"channel": "outbox"}}
    assert [
        one.changed for one in set_columns(master, [(NameKey(Part.CUSTOMERS, "USPM", "C-001"), complete)], world.at)
    ]
    for module in (setup_numbers, stack_tables):
        monkeypatch.setattr(module, "named", lambda *_: world.names)

    found = asked(capsys, "check", "setup", str(file), "--stack", "invoicing")["warnings"]
    alone = asked(capsys, "check", "setup", str(file))["warnings"]

    def named(customer: str, need: str, told: list[str]) -> bool:
        return any(f"its documents need customers.USPM.{customer}.{need}" in one for one in told)

    assert named("C-001", "address.country", alone)
    assert not named("C-001", "", found)
    assert all(named("C-77", need, found) for need in ("address.country", "delivery.address"))
    assert not named("C-77", "", alone)


def test_explain_of_a_deleted_row_names_who_still_refers_to_it(
    world: World, arrive: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    arrive("account", "C-1", number="C-9", company=USPM, name="Adatum AG")
    arrive("salesorder", "K", number="CTR-9", company=USPM, name="K", customer=["account", guid("C-1"), "Adatum AG"])
    arrive("account", "C-1", 2, deleted=True)
    (found,) = asked(capsys, "explain", "C-9")["found"]
    with policies.enforced():
        assert world.run("explain", id="C-9")["found"] == [found]
    assert found["headline"].endswith("deleted in Dataverse")
    assert [(one["role"], one["what"]) for one in found["linked"]] == [("refers to it", "salesorder USPM CTR-9")]


def test_the_columns_of_the_document_are_written_once_and_never_over_finances(
    master: MasterData, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["master", "set", "projects", "USPM", "PRJ-1", "group=FP"])
    capsys.readouterr()
    would = asked(capsys, "master", "import-setup", "--dry-run")
    assert would["parts"]["projects"] == {"changed": 1, "unchanged": 0}
    assert finance(master, Part.PROJECTS, "PRJ-1") == {"group": "FP"}
    assert asked(capsys, "master", "import-setup") == would
    assert finance(master, Part.PROJECTS, "PRJ-1") == {"group": "FP", "sales_tax_group": "DOM"}
    assert finance(master, Part.CUSTOMERS, "C-001") == {"sales_tax_group": "DOM"}
    again = asked(capsys, "master", "import-setup")
    assert sum(part["changed"] for part in again["parts"].values()) == 0


def test_an_export_can_be_read_again(master: MasterData, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["master", "import-setup"]) == 0
    capsys.readouterr()
    assert main(["master", "export"]) == 0
    file = tmp_path / "finance.yaml"
    file.write_text(capsys.readouterr().out, "utf-8")
    assert main(["master", "set", "--file", str(file)]) == 0
    assert "0 changed" in capsys.readouterr().out
    assert finance(master, Part.PRODUCTS, "P-100", "") == {"item_sales_tax_group": "GOODS"}


# --- exchange rates ---


@pytest.mark.usefixtures("world")
def test_rates_are_loaded_from_a_file_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("from,to,valid_from,rate,factor\nGBP,USD,2026-01-05,125,100\nGBP,USD,2026-01-06,1.26,1\n", "utf-8")
    assert asked(capsys, "rates", "load", str(file)) == {"pairs": 1, "days": 2, "changed": 1}
    assert asked(capsys, "rates", "load", str(file))["changed"] == 0
    shown = asked(capsys, "rates", "show", "GBP", "USD")["rates"]
    assert [(one["valid_from"], one["rate"], one["factor"]) for one in shown] == [
        ("2026-01-06", "1.26", "1"),
        ("2026-01-05", "125", "100"),
    ]
    assert main(["rates", "show", "USD", "GBP"]) == 0
    assert "there are no rates from USD to GBP" in capsys.readouterr().out


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("from,to,valid_from,rate\nGBP,USD,2026-01-05,1.25\nGBP,USD,yesterday,1\n", ":3: valid_from: "),
        ("from,to,valid_from,rate\nGBP,USD,2026-01-05,0\n", ":2: rate: "),
        ("from,to\n", ":1: names no column valid_from, rate"),
        ("from,to,valid_from,rate\nGBP,XXX,2026-01-05,1\n", "currency: there is no currency 'XXX'"),
        ("", ":1: names no column"),
    ],
)
def test_a_file_of_rates_that_is_wrong_is_refused_with_its_line(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rates.csv"
    file.write_text(text, "utf-8")
    assert main(["rates", "load", str(file)]) == 2
    assert said in capsys.readouterr().err
    assert asked(capsys, "rates", "show", "GBP", "USD") == {"rates": []}


# --- the command model ---


def test_a_command_sets_columns_for_a_person_and_says_the_row(world: World, arrive: Callable[..., None]) -> None:
    arrive("account", "C-1", number="C-9", company=USPM, name="Adatum AG")
    request = {"part": "customers", "company": "USPM", "number": "C-9", "columns": {"on_hold": True}, "actor": "anna"}
    with policies.enforced():
        answer = world.edit("edit_master_data", **request)
    assert answer == {
        "outcome": "done",
        "master_data": {
            "part": "customers",
            "company": "USPM",
            "number": "C-9",
            "finance": {"on_hold": True},
            "row": {"entity": "account", "id": guid("C-1")},
        },
        "actor": "anna",
    }
    assert world.edit("edit_master_data", **request)["outcome"] == "unchanged"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"part": "units"}, "part is one of customers"),
        ({"columns": "DOM"}, "columns are written as"),
        ({"columns": {"name": "X"}}, "name is not finance's to set"),
        ({"columns": {"sales_tax_group": "NO"}}, "sales_tax_group: 'NO' is not in sales_tax.groups"),
        ({"number": " "}, "the request needs number"),
        ({"company": None}, "company is missing"),
        ({"colums": {}}, "edit_master_data knows no colums"),
    ],
)
def test_a_command_that_is_wrong_is_refused_with_its_field(world: World, change: dict[str, Any], said: str) -> None:
    request = {"part": "customers", "company": "USPM", "number": "C-9", "columns": {"on_hold": True}, **change}
    answer = world.edit("edit_master_data", **request)
    assert said in answer["outcome"]
    assert answer["refused"][0]["reason"] == "schema"
