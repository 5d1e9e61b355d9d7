"""The models of the set-up document, one module per subject."""
