"""The document of an invoice goes to the customer by mail, once, unless a person wants it again."""
