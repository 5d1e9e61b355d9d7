"""What customers are sent of an invoice: pages, PDF and e-invoice, all made from an ``InvoiceDocument`` alone.

Outside the common layer, because nothing else needs the libraries: only the function of the documents loads it.
"""
