"""From a scan to the network's input: motion, ADC, brain mask, placement in the atlas, z-map."""
