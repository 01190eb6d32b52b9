"""Which phones there are, how they are, and what is done for one that fails."""
