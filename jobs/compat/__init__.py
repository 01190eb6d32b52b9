"""What this hub can do: with which versions and languages of an app it has posted, and what is new to it."""
