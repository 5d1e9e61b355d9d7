"""One module a step of the process. Each reads the stores, asks the domain, and writes the stores."""
