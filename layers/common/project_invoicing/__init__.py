"""The finance side of project invoicing: staging, journals, proposals, posting, write-back."""
