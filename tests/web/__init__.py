"""The preview: its views, its door, and the page in a real browser."""
