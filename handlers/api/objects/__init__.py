"""What the API shows: one type per object of an answer. The OpenAPI document is made from these very types."""
