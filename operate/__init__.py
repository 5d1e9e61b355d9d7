"""The operator's commands: questions to a stack, deployed or local, and changes of how it works.

They need the stack's tables, queues and functions, and nothing else: no engine, no scenario. So this house imports
neither ``local`` nor ``dataverse_standin``; ``local`` imports it for its command line.
"""
