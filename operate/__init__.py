"""The operator's commands and questions against a stack, deployed or local."""
