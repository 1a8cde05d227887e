"""Puts a trained model to use: chat in the terminal."""
