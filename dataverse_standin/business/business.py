"""The verbs of a project manager and of the people around him, each of them one transaction of the organization.

Long because the verbs are many: each only opens its transaction, and what it does is in the modules beside this one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from dataverse_standin.business import (
    actuals,
    applied_retainers,
    confirmation,
    contracts,
    corrections,
    drafts,
    edits,
    master_data,
    milestones,
    proformas,
    retainers,
    work,
)
from dataverse_standin.business.amounts import Number
from dataverse_standin.business.codes import (
    BillingMethod,
    BillingType,
    InvoiceStatus,
    TransactionClass,
)
from dataverse_standin.business.contracts import Engagement
from dataverse_standin.rows import Lookup, Refused, Rows

WORK = (TransactionClass.TIME, TransactionClass.EXPENSE, TransactionClass.MATERIAL)


class Business:
    """The Dataverse side of Project Operations, over the rows of an organization.

    ``clock`` gives the time (with a zone), ``zone`` is that of the people at work: their days begin at their midnight,
    and Dataverse keeps a day as that instant in UTC. Quantities, prices and amounts are ``Decimal``, whole numbers or
    text. Entries, contracts, contract lines, milestones and retainers are named by a ``Lookup``; invoices, details
    and actuals by their id. What the business does not allow raises ``Refused`` with what to do, and changes nothing.
    """

    def __init__(self, rows: Rows, clock: Callable[[], datetime], zone: tzinfo) -> None:
        self.rows = rows
        self._clock = clock
        self._zone = zone

    def _day(self, day: date | None = None) -> datetime:
        """The instant at which ``day`` begins; today where none is given."""
        begun = day or self._clock().astimezone(self._zone).date()
        return datetime.combine(begun, time(), self._zone).astimezone(UTC)

    # --- master data --------------------------------------------------------------------------------------------------

    def engagement(
        self,
        *,
        billing_method: BillingMethod = BillingMethod.TIME_AND_MATERIAL,
        cost_rate: Number = 100,
        bill_rate: Number = 200,
        currency: str = "USD",
        cost_currency: str = "USD",
        unit: str = "Fabrikam US",
        company: str = "USPM",
        customer: str = "C-001",
        person: bool = False,
        contract: str = "CTR-1",
        contract_line: str = "CTR-1-1",
        project: str = "PRJ-1",
        resource: str = "Bob Kozack",
    ) -> Engagement:
        """A contract with one line, its project and its resource, with a cost rate and a bill rate for time.

        What the cases of TM and FP begin with. Currency, unit, customer and resource are shared with earlier
        engagements. The customer is a ``person``, who is a contact, or an account.
        """
        with self.rows.transaction():
            money = contracts.currency(self.rows, currency)
            of_unit = contracts.organizational_unit(self.rows, unit, cost_currency, company)
            kept = master_data.person if person else master_data.customer
            buyer = kept(self.rows, customer, company, currency)
            header = contracts.add_contract(self.rows, contract, buyer, currency, of_unit)
            where = master_data.project(self.rows, project, of_unit, company, buyer)
            line = contracts.add_contract_line(self.rows, header, where, billing_method, contract_line, WORK)
            who = contracts.named(self.rows, "bookableresource", "name", resource, msdyn_organizationalunit=of_unit)
            contracts.set_rates(self.rows, of_unit, header, cost_rate, bill_rate)
        return Engagement(money, of_unit, buyer, header, line, where, who)

    def add_currency(self, code: str, precision: int = 2) -> Lookup:
        with self.rows.transaction():
            return contracts.currency(self.rows, code, precision)

    def add_unit(self, name: str, currency: str, company: str) -> Lookup:
        """An organizational unit of a finance company, with price lists for cost and for lending its people."""
        with self.rows.transaction():
            return contracts.organizational_unit(self.rows, name, currency, company)

    def add_resource(self, name: str, unit: Lookup) -> Lookup:
        with self.rows.transaction():
            return contracts.named(self.rows, "bookableresource", "name", name, msdyn_organizationalunit=unit)

    def add_project(self, name: str, unit: Lookup) -> Lookup:
        """A project without a contract line: internal, or presales (INT, PRE)."""
        with self.rows.transaction():
            return master_data.project(self.rows, name, unit, self._company_of(unit))

    def add_customer(self, number: str, company: str, currency: str, name: str = "", **columns: Any) -> Lookup:
        """An account of a company. ``columns`` are more of them, by logical name."""
        with self.rows.transaction():
            return master_data.customer(self.rows, number, company, currency, name, **columns)

    def add_customer_group(self, name: str) -> Lookup:
        """A customer group, to be named by ``msdyn_customergroupid`` of a customer."""
        with self.rows.transaction():
            return contracts.named(self.rows, "msdyn_customergroup", "msdyn_groupid", name)

    def add_contract(self, number: str, customer: Lookup, currency: str, unit: Lookup) -> Lookup:
        """A project contract in draft, without lines."""
        with self.rows.transaction():
            return contracts.add_contract(self.rows, number, customer, currency, unit)

    def split_billing(self, contract: Lookup, shares: Mapping[Lookup, str]) -> list[Lookup]:
        """Several customers of a contract with their shares in percent; gives the split billing rules."""
        with self.rows.transaction():
            return master_data.split(self.rows, contract, shares)

    def merge(self, stays: Lookup, goes: Lookup) -> None:
        """Merges two accounts, or two contacts. The one that goes is deactivated."""
        with self.rows.transaction():
            master_data.merge(self.rows, stays, goes)

    def change(self, row: Lookup, **columns: Any) -> None:
        """Changes master data, by logical name of the columns."""
        with self.rows.transaction():
            self.rows.update(row.entity, row.id, columns)

    def close(self, project: Lookup) -> None:
        """Closes a project."""
        self.change(project, **master_data.CLOSED)

    def reopen(self, project: Lookup) -> None:
        self.change(project, **master_data.OPEN)

    def deactivate(self, row: Lookup) -> None:
        self.change(row, **master_data.INACTIVE)

    def delete(self, row: Lookup) -> None:
        """Deletes master data that no actual points to."""
        with self.rows.transaction():
            master_data.delete(self.rows, row)

    def _company_of(self, unit: Lookup) -> str:
        return str(self.rows.get(unit.entity, unit.id)["msdyn_company"])

    def add_category(self, name: str) -> Lookup:
        with self.rows.transaction():
            return contracts.named(self.rows, "msdyn_transactioncategory", "msdyn_name", name)

    def add_product(self, number: str) -> Lookup:
        with self.rows.transaction():
            return contracts.named(self.rows, "product", "productnumber", number, name=number)

    def add_contract_line(
        self,
        contract: Lookup,
        project: Lookup,
        billing_method: BillingMethod,
        name: str,
        includes: tuple[TransactionClass, ...] = WORK,
    ) -> Lookup:
        """``includes`` are the classes of the project's work that this line bills."""
        with self.rows.transaction():
            return contracts.add_contract_line(self.rows, contract, project, billing_method, name, includes)

    def set_price(
        self, price_list: Lookup, transaction_class: TransactionClass, price: Number, key: Lookup | None = None
    ) -> None:
        """The price of a role, a category or a product (``key``), or of all that have none of their own."""
        with self.rows.transaction():
            contracts.set_price(self.rows, price_list, transaction_class, price, key)

    def add_milestone(self, line: Lookup, amount: Number, name: str, *, progress: bool = False) -> Lookup:
        """A milestone, not ready yet (MS-01). With ``progress``, shares of the amount are billed one by one (MS-12)."""
        with self.rows.transaction():
            return milestones.add_milestone(self.rows, line, amount, name, progress=progress)

    def add_retainer(self, contract: Lookup, amount: Number, name: str) -> Lookup:
        """A retainer of a contract, not ready yet (RET-01)."""
        with self.rows.transaction():
            return retainers.add_retainer(self.rows, contract, amount, name)

    # --- work ---------------------------------------------------------------------------------------------------------

    def enter_time(self, engagement: Engagement, hours: Number, day: date | None = None, **columns: Any) -> Lookup:
        """A time entry in draft (TM-01). ``columns`` are more of them, by logical name."""
        return self._enter("msdyn_timeentry", engagement, hours, day, columns)

    def enter_expense(
        self, engagement: Engagement, quantity: Number, cost: Number, day: date | None = None, **columns: Any
    ) -> Lookup:
        """An expense in draft, each at ``cost``. It is sold at the category's price or at ``msdyn_price``."""
        return self._enter("msdyn_expense", engagement, quantity, day, {"msdyn_unitcost": cost, **columns})

    def enter_material(
        self, engagement: Engagement, quantity: Number, product: Lookup, day: date | None = None, **columns: Any
    ) -> Lookup:
        """Material usage in draft, at the prices of ``product`` or at ``msdyn_unitcost`` and ``msdyn_price``."""
        values = {"msdyn_product": product, "msdyn_bookableresource": None, **columns}
        return self._enter("msdyn_materialusage", engagement, quantity, day, values)

    def _enter(
        self, entity: str, engagement: Engagement, quantity: Number, day: date | None, columns: dict[str, Any]
    ) -> Lookup:
        values = {"msdyn_project": engagement.project, "msdyn_bookableresource": engagement.resource, **columns}
        with self.rows.transaction():
            return work.enter(self.rows, entity, quantity, self._day(day), values)

    def submit(self, entry: Lookup) -> None:
        """Journal lines with default prices, no actual (TM-02, FP-02, CONN-01)."""
        with self.rows.transaction():
            work.submit(self.rows, entry)

    def submit_time(self, engagement: Engagement, hours: Number, day: date | None = None, **columns: Any) -> Lookup:
        """Enters time and submits it."""
        with self.rows.transaction():
            entry = self.enter_time(engagement, hours, day, **columns)
            self.submit(entry)
            return entry

    def recall(self, entry: Lookup) -> None:
        """Takes a submitted entry back (TM-03); of an approved one, asks to (see ``approve_recall``)."""
        with self.rows.transaction():
            work.recall(self.rows, entry)

    def approve_recall(self, entry: Lookup) -> None:
        """Grants a request to recall: reverses the actuals (TM-08, CAN-03)."""
        with self.rows.transaction():
            work.approve_recall(self.rows, entry)

    def reject_recall(self, entry: Lookup) -> None:
        """Refuses a request to recall an approved entry (CAN-04)."""
        with self.rows.transaction():
            work.reject_recall(self.rows, entry)

    def approve(
        self,
        entry: Lookup,
        billable: Number | None = None,
        billing_type: BillingType = BillingType.CHARGEABLE,
    ) -> list[str]:
        """Records cost and unbilled sale (TM-04 to TM-06, FP-04, CONN-02); gives the ids of the actuals."""
        with self.rows.transaction():
            return work.approve(self.rows, entry, billable, billing_type)

    def cancel_approval(self, entry: Lookup) -> None:
        """Reverses the actuals; the entry is submitted again (TM-07, CAN-01, CAN-02)."""
        with self.rows.transaction():
            work.cancel_approval(self.rows, entry)

    def record_fee(self, line: Lookup, amount: Number, day: date | None = None, text: str | None = None) -> str:
        """An unbilled sale of class Fee, without a cost; gives its id (CONF-13)."""
        with self.rows.transaction():
            return work.record_fee(self.rows, line, amount, self._day(day), text)

    def confirm_contract(self, contract: Lookup) -> None:
        """Confirms a contract (TM-09, FP-07)."""
        with self.rows.transaction():
            contracts.confirm_contract(self.rows, contract)

    # --- the backlog --------------------------------------------------------------------------------------------------

    def ready_to_invoice(self, *wanted: Lookup) -> None:
        """Marks what is to be billed next: actuals, entries, milestones, retainers, or all work of a contract."""
        with self.rows.transaction():
            for one in wanted:
                if one.entity == milestones.MILESTONE:
                    milestones.ready(self.rows, one)
                elif one.entity == retainers.RETAINER:
                    retainers.ready(self.rows, one)
                else:
                    work.ready(self.rows, one)

    def ready_share(self, milestone: Lookup, percent: Number) -> Lookup:
        """The next invoice's share of a progress-based milestone; gives its own milestone (MS-12, MS-13)."""
        with self.rows.transaction():
            return milestones.ready_share(self.rows, milestone, percent)

    # --- drafts -------------------------------------------------------------------------------------------------------

    def create_proforma(self, contract: Lookup, as_of: date | None = None) -> str:
        """A draft of what is ready and not in the future; gives its id (EDIT-01, EDIT-04, EDIT-06, RET-03)."""
        with self.rows.transaction():
            return proformas.create(self.rows, contract, self._day(as_of))

    def create_due_proformas(self, as_of: date | None = None) -> list[str]:
        """A draft for each contract under which something is ready; gives their ids (EDIT-07)."""
        made = []
        for row in self.rows.select(contracts.CONTRACT):
            try:
                made.append(self.create_proforma(actuals.reference(row, contracts.CONTRACT), as_of))
            except proformas.NothingReady:
                continue
        return made

    def add_to_invoice(self, *unbilled: str) -> str:
        """Unbilled sales go on the newest draft of their contract, or on a new one; gives its id (EDIT-17)."""
        with self.rows.transaction():
            return proformas.add_to_invoice(self.rows, list(unbilled))

    def refresh_lines(self, proforma: str, as_of: date | None = None) -> None:
        """Adds to a draft what became ready since (EDIT-05)."""
        with self.rows.transaction():
            proformas.refresh(self.rows, proforma, self._day(as_of))

    def details(self, proforma: str) -> list[dict[str, Any]]:
        return drafts.details(self.rows, proforma)

    def edit_detail(self, detail: str, **changes: Any) -> None:
        """``quantity``, ``price``, ``billing_type``, ``tax``, ``description``, ``external_description`` (EDIT-10)."""
        with self.rows.transaction():
            edits.edit(self.rows, detail, changes)

    def add_detail(
        self,
        proforma: str,
        contract_line: Lookup,
        quantity: Number,
        price: Number,
        transaction_class: TransactionClass = TransactionClass.TIME,
        text: str | None = None,
    ) -> str:
        """A detail that bills no actual; gives its id (CONF-18, CONF-19)."""
        with self.rows.transaction():
            return proformas.add_detail(
                self.rows, proforma, contract_line, transaction_class, quantity, price, self._day(), text
            )

    def remove_detail(self, detail: str) -> None:
        """Removes a detail; what it bills is ready to invoice again."""
        with self.rows.transaction():
            edits.remove(self.rows, detail)

    def delete_proforma(self, proforma: str) -> None:
        """Deletes a draft; a confirmed invoice stays (CONF-16)."""
        with self.rows.transaction():
            edits.delete(self.rows, proforma)

    def set_status(self, proforma: str, status: InvoiceStatus) -> None:
        """Moves a draft to review, or back (EDIT-15)."""
        with self.rows.transaction():
            drafts.set_status(self.rows, proforma, status)

    def apply_retainer(self, detail: str, amount: Number) -> None:
        """How much of a retainer this draft uses (RET-04, RET-08)."""
        with self.rows.transaction():
            applied_retainers.apply_retainer(self.rows, detail, amount)

    def refund_retainer(self, proforma: str, retainer: Lookup, amount: Number) -> str:
        """Pays back what is left of a retainer; gives the detail's id, ``remove_detail`` cancels (RET-10)."""
        with self.rows.transaction():
            return applied_retainers.refund_retainer(self.rows, proforma, retainer, amount)

    # --- confirmation and after ---------------------------------------------------------------------------------------

    def confirm(self, proforma: str, accounting_date: date | None = None) -> None:
        """Makes the billed sales (CONF, EDIT-16), and of corrective details their reversals too (CORR)."""
        with self.rows.transaction():
            accounted = self._day(accounting_date) if accounting_date else None
            confirmation.confirm(self.rows, proforma, self._day(), self._zone, accounted)

    def revise(self, proforma: str, details: Collection[str] | None = None, onto: str | None = None) -> str:
        """A corrective draft that credits everything, until quantities are entered; gives its id (CORR-12 to -15)."""
        with self.rows.transaction():
            return corrections.revise(self.rows, proforma, details, onto)

    def cancel(self, proforma: str) -> None:
        """Cancels the invoice; its status as a project invoice and its actuals stay as they are."""
        with self.rows.transaction():
            self.rows.update(drafts.INVOICE, proforma, {"statecode": 3, "statuscode": 100003})

    def activate(self, proforma: str) -> None:
        """Takes a cancellation back."""
        with self.rows.transaction():
            self.rows.update(drafts.INVOICE, proforma, {"statecode": 0, "statuscode": 1})

    def mark_paid(self, proforma: str) -> None:
        with self.rows.transaction():
            header = self.rows.get(drafts.INVOICE, proforma)
            if header["msdyn_projectinvoicestatus"] not in (InvoiceStatus.CONFIRMED, InvoiceStatus.POSTED):
                raise Refused(f"invoice {header['invoicenumber']} is not confirmed; confirm it first")
            paid = {"msdyn_projectinvoicestatus": int(InvoiceStatus.PAID), "statecode": 2, "statuscode": 100001}
            self.rows.update(drafts.INVOICE, proforma, paid)
