"""Networks that run on another computer of the same network (``serving`` is the other side); off unless asked for."""
