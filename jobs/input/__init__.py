"""Reading values from outside: fields, near misses, refusals. Imports nothing of the other rooms."""
