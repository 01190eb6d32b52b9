"""What a task posts: captions, options, files, chosen once."""
