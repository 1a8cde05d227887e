"""Stage 2: Documents × task × format × prompt → Records, the currency between corpora and models."""
