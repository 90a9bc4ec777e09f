"""From a network's outputs to a calibrated probability with its interval and set, on any device."""
