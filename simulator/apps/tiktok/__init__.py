"""The TikTok app of a simulated phone."""
