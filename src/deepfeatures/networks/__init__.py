"""What is trained or loaded. Nothing here knows how training is done."""
