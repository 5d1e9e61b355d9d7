"""What a person should do about each reason to wait, refuse or reject. This is the only such table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from project_invoicing.domain.codes import BatchRefusal, PaymentRefusal, PostingFailure, RejectReason, WaitReason

WAITS: Final[Mapping[str, str]] = {
    WaitReason.REFERENCE_MISSING: "let the row named in the detail arrive from Dataverse, or correct it there; or add "
    "its id to `references`, with the master data that it leads to",
    WaitReason.EXCHANGE_RATE_MISSING: "add a rate for the pair, valid on or before the date named",
    WaitReason.CATEGORY_MISSING: "complete `transaction_categories`, or `category_defaults`",
    WaitReason.LINE_PROPERTY_MISSING: "complete `line_property_mapping`",
    WaitReason.NOT_PREVALIDATED: "nothing: the row is imported once it is older than `prevalidation_minutes`",
    WaitReason.PROJECT_CLOSED: "open the project, or correct the actual in Dataverse",
    WaitReason.INTERCOMPANY_MISSING: "add the two companies to `intercompany`",
    WaitReason.UNBILLED_SALES_NOT_POSTED: "post the journal named in the detail; the proposal then fills by itself",
    WaitReason.FEE_NOT_POSTED: "post the journal with the fee; the proposal then fills by itself",
    WaitReason.BILLED_SALES_MISMATCH: "fetch the billed actuals that are missing: `invoicing reconcile --repair "
    "all`; the detail says how much it is. If there is too much, correct the actuals or the proforma in Dataverse",
    WaitReason.INVOICE_TOTAL_MISSING: "register the step with a post image of all columns, so that the event has "
    "`totallineitemamount`",
    WaitReason.HEADER_MISSING: "confirm the proforma; if it is, fetch it: `invoicing reconcile --repair all`",
    WaitReason.BEGINNING_BALANCE: "nothing: it is part of the beginning balances, which do not come through here",
    WaitReason.ACCOUNTING_DATES_DIFFER: "set the accounting date on the proforma in Dataverse, or correct that of the "
    "billed actuals named",
    WaitReason.INACTIVE: "nothing, if it is not to be booked; else activate the actual or the proforma in Dataverse",
    WaitReason.DEFECT: "tell whoever looks after the stack: the program failed on this row, and the log says where; "
    "every run tries it again",
    WaitReason.ALREADY_BILLED: "one of the two is too much: withdraw it in Dataverse. The detail names the first; as "
    "long as that is not posted its lines can be deleted, and after that it can be credited",
    WaitReason.ALREADY_CREDITED: "one of the two is too much: withdraw it in Dataverse. The detail names the first; as "
    "long as that is not posted its lines can be deleted",
    WaitReason.MASTER_DATA_TOO_LARGE: "divide the proforma, or give the company's journals a shorter period or a lower "
    "`journal_line_limit`: one document names more projects and contracts than can be kept with it",
    WaitReason.INTERCOMPANY_COST: "skip it in Dataverse (Skip Sync): the vendor invoice of the lender brings the cost; "
    "or correct the resourcing unit, if nobody lent the resource",
    WaitReason.DOCUMENT_INCOMPLETE: "give what the detail names: in `companies` and `sales_tax` of the set-up, or in "
    "the customer's columns; `invoicing check setup` lists it for all customers",
    WaitReason.INVESTMENT_PROJECT: "correct the actual, or the type of its project, in Dataverse: an investment "
    "project has no contract and no sales",
}

REFUSALS: Final[Mapping[str, str]] = {
    PostingFailure.PERIOD_CLOSED: "open the fiscal period, or give another date",
    PostingFailure.PROFILE_MISSING: "add a rule for the project, the contract or all to `profile_rules`",
    PostingFailure.LEDGER_ACCOUNT_MISSING: "add the account for the posting type to `ledger_posting`",
    PostingFailure.SALES_TAX_SETUP_MISSING: "complete `sales_tax` for the code or group named, on the date named",
    PostingFailure.CUSTOMER_ON_HOLD: "release the customer",
    PostingFailure.DIMENSION_INVALID: "fix the dimensions named, or the rules of the account",
    PostingFailure.ALREADY_POSTED: "nothing: it is posted; correct the invoice in Dataverse if it is wrong",
    PostingFailure.LINES_MISSING: "see what the proposal waits for; it has no lines yet",
    PostingFailure.FOUR_EYES: "let somebody post it who has not edited it; whoever edits or posts has to say who it is",
    PostingFailure.NOT_APPROVED: "submit it, and have it approved: on its page, or by `invoicing proposal submit` or "
    "`invoicing vendor-invoices submit`",
    PostingFailure.IN_APPROVAL: "recall it first (whoever submitted it, `invoicing proposal recall`), or have an "
    "administrator reset it; change it then, and submit it again",
    PostingFailure.SAME_PERSON: "let somebody else approve it; whoever takes a step of an approval has to say who "
    "it is",
    PostingFailure.ROLE_MISSING: "ask somebody who has the role, or an administrator to give it to you",
    PostingFailure.E_INVOICE_RULE: "do what the detail says beside each rule; `docs/documents.md` says "
    "what the rules are",
    PostingFailure.OFFSET_ACCOUNT_MISSING: "give the lines an offset account with its dimensions; then post again",
    PostingFailure.IMBALANCE_CHANGED: "remove the line; list the imbalances again and correct what is left",
    PostingFailure.ON_CORRECTION_JOURNAL: "post the correction journal that has it, or remove its line there",
    PostingFailure.TOO_MANY_LINES: "leave it to the schedule, or choose fewer",
    PostingFailure.NOT_POSTED: "post the journal, the proposal or the vendor invoice that has it; then ask again",
    PostingFailure.NOT_A_COST: "name cost actuals: sales are not posted between balance sheet and profit and loss",
    PostingFailure.NO_LEDGER_ENTRY: "nothing: what is not in the ledger stays out of it; only hours of No Ledger can "
    "be brought there",
    PostingFailure.TAKEN_BACK: "nothing: it is reversed or credited, and is zero together with what takes it back",
    PostingFailure.REVENUE_ACCRUED: "leave the cost in profit and loss: its accrued revenue is there, too",
    PostingFailure.INVOICED: "leave the cost in profit and loss: its revenue is invoiced",
    PostingFailure.NOT_FOR_THIS_PROJECT: "nothing here: the revenue recognition of fixed prices and investments posts "
    "their costs",
    PostingFailure.ON_PROPOSAL: "delete the lines of the proposal named, ask again, and import",
    PostingFailure.POSTED_ELSEWHERE: "nothing here: other payables post it and answer, as `vendor_invoices` of "
    "`intercompany` says",
    PostingFailure.VOUCHER_TOO_LARGE: "take the invoice back and bill by project, so that each has fewer lines",
    PostingFailure.NOT_ADJUSTABLE: "change only what can be: the dimensions of a posted time, expense, material or fee "
    "transaction; amounts, projects and categories are corrected in Dataverse",
}

BATCHES: Final[Mapping[str, str]] = {
    BatchRefusal.IN_NO_BATCH: "nothing, where batches are made by schedule; else make one on the page of the "
    "general ledger, or by `invoicing ledger build`",
    BatchRefusal.REFUSED_THERE: "put right what the other ledger names, there, and have the batch delivered again, on "
    "its page or by `invoicing ledger deliver`",
    BatchRefusal.UNKNOWN_BATCH: "check company, kind and number: `invoicing ledger list` has the batches",
    BatchRefusal.NOT_READY: "wait until the batch has its files: `invoicing ledger build` goes on with it; only an "
    "accepted one can be voided there",
    BatchRefusal.UNANSWERED: "ask the other ledger whether it has the batch, and say so on its page or with "
    "`invoicing ledger ack`; it is not sent again before",
    BatchRefusal.NOTHING_LEFT: "nothing: all of it is accepted; correct what is wrong by posting here",
    BatchRefusal.FORMAT_REFUSED: "correct the set-up or the format as the detail says, or deliver the batch in "
    "another format",
    BatchRefusal.FILES_DIFFER: "see `invoicing ledger verify`: a file in the bucket is missing or was altered",
    BatchRefusal.LATE: "compare with the other ledger: it said before that it has the batch",
    BatchRefusal.CONFLICT: "find out whether the other ledger has it twice; what was accepted first stays",
    BatchRefusal.UNCLEAR: "send a clear answer: the detail says what is not clear",
    BatchRefusal.UNKNOWN_VOUCHER: "name vouchers by the `external_id` of the lines in the batch",
    BatchRefusal.WRONG_SHA256: "send the batch to the other ledger again from the bucket: what it has read is not "
    "what is there",
}

REJECTIONS: Final[Mapping[str, str]] = {
    RejectReason.SCHEMA: "correct the row in Dataverse, or the registration of the step",
    RejectReason.UNKNOWN_CODE: "add the code to the table map, or correct the row in Dataverse",
    RejectReason.AMOUNT_OUT_OF_RANGE: "correct the amount in Dataverse",
    RejectReason.CURRENCY_UNKNOWN: "add the currency to `currencies`",
    RejectReason.TOO_LARGE: "fetch the row by its id: `invoicing reconcile --repair ID`",
    RejectReason.PROPOSAL_NUMBER_NOT_ALLOWED: "allow lower or higher numbers in `number_sequences`, or correct their "
    "format, then replay",
    RejectReason.DUPLICATE_PROPOSAL_NUMBER: "give the proforma a number of its own in Dataverse",
    RejectReason.CORRECTION_OF_UNKNOWN_ACTUAL: "fetch the actual that is corrected: `invoicing reconcile --repair ID`",
}

PAYMENTS: Final[Mapping[str, str]] = {
    PaymentRefusal.UNKNOWN_INVOICE: "check company and number there and send a newer version; if the invoice is only "
    "posted later, nothing: it is tried every hour",
    PaymentRefusal.OTHER_CURRENCY: "send a newer version in the currency of the invoice",
    PaymentRefusal.NO_CREDIT_NOTE: "send a newer version that names an invoice and a credit note of the same customer",
    PaymentRefusal.TOO_MANY_DIGITS: "send a newer version with amounts that the currency can hold",
    PaymentRefusal.SAME_VERSION_DIFFERS: "send what is right with a higher version; what came first counts until then",
}

_EVERY: Final = {**WAITS, **REFUSALS, **BATCHES, **REJECTIONS, **PAYMENTS}


def what_to_do(reason: str) -> str:
    """What to do about a code of the contract (section 4)."""
    return _EVERY.get(reason, "see the detail")
