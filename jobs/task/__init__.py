"""The life of a task: its states, how an attempt ends, what follows."""
