"""Recognising screens: the screens files and what reads UI trees by them."""
