"""One connection: what it has received, what it sends, and the request being answered."""
