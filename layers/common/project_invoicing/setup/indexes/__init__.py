"""The look-ups of ``FinanceSetup``, one module per subject, each with its indexes."""
