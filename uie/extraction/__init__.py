"""Document → Records → text → Document in one go: predict (resumable files), Extractor (in memory), evaluate. Loads models when asked."""
