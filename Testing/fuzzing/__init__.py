"""A seeded campaign of damaged and odd inputs: what each must end in is said before it runs.

``make fuzz`` runs it all; ``Testing/test_fuzz.py`` a few of its kinds.
"""
