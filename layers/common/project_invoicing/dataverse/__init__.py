"""The outer shape of Dataverse: what it sends, and the table maps between its rows and the domain."""
