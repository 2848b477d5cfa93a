"""Building blocks shared by the training programs."""
