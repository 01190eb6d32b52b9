"""Other boxes that lend this hub their USB ports: how both come to trust each other, and the way between them."""
