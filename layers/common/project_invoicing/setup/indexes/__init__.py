"""The look-ups of ``FinanceSetup``, one module a subject, each with its indexes."""
