"""The pages, one module a noun. A page reads, and gives a response; whatever a person does goes through a command."""
