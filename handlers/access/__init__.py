"""Who may use the API: hosts, peers, tokens, sessions."""
