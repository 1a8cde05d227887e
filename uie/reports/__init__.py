"""Scores and figures → what people and programs read: terminal, Markdown, JSON. Draws only; counts nothing."""
