"""The steps of the process, one module each. Each reads the stores, asks the domain, and writes the stores."""
