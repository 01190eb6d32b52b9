"""The lists of tasks that people ask for: any filters, any order, one page at a time."""
