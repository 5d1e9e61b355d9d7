"""The interface for other programs: JSON over HTTPS with a bearer token, the same commands as the pages."""
