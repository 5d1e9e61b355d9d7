"""E-invoices: EN 16931 in its two syntaxes, and the XML that goes into a PDF."""
