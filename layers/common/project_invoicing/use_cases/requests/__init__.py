"""What people may ask of the functions other than ``document_editing``, one module a request."""
