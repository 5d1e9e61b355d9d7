"""The checks of a reconciliation, one module a family. Pure.

Each family is fed with what was read, a row or a document at a time, keeps little of it, and says what looks wrong.
What looks wrong is read again by ``use_cases.reconciliation`` before a family judges it: the tables are read one after
the other while others may write.
"""
