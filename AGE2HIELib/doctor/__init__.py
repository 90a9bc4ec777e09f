"""Whether a computer is ready for a prediction, and what to do where it is not."""
