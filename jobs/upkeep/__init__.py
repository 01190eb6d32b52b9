"""What an operator does for the box: doctor, backup, restore, changed config."""
