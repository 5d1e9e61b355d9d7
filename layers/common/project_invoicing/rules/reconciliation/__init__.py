"""The checks of a reconciliation, one module per family. Pure.

Each family is fed what was read, one row or document at a time, keeps little of it, and reports what looks wrong.
``use_cases.reconciliation`` reads a suspect again before a family judges it, because the tables are read one after the
other while others may write.
"""
