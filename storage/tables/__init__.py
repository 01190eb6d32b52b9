"""The tables of the store: tasks, posts, accounts, materials and their like."""
