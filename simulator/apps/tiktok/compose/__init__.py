"""How a TikTok post is made: camera, picker, editor, sounds, the post screen and what is behind its rows."""
