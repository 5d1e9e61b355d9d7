"""A ledger batch in the form that another ledger imports: entries, cells, files. Formats are data (``setup``)."""
