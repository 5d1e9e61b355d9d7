"""The documents of invoices: what a posted one says, and what a proposal's would."""
