"""What EN 16931 asks of an invoice document, without XML: its statement, its code lists and its business rules."""
