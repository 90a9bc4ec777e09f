"""Tables that people hand over: participants and sessions of a BIDS folder, ages in any unit, outcomes of a cohort."""
