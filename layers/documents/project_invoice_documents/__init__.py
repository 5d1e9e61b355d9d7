"""Documents of a posted invoice. Only the documents function has this layer."""
