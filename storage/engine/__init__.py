"""The document store under the tables: journal, snapshots, group commit."""
