"""The HTTP side: one module per resource, one envelope, no contact with phones or files of the store."""
