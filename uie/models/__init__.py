"""Names of models → folders, folders → models; how a prompt becomes token ids. The only package that calls `from_pretrained`."""
