"""Stage 3: Records → a run folder with a trained adapter or model. `uie.training.launch.launch` is the door; it imports torch late."""
