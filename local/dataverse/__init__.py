"""A stand-in for Dataverse on this machine: its rows, its Web API and its webhooks."""
