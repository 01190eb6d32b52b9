"""How an Instagram post is made: ways in, pickers, editors, the share screen and its notices."""
