"""The workspace: pages in which people see what waits, correct it, post it, and find out what became of it."""
