"""What is done with one scan: ``request``, ``admission`` (the quality gate), ``analysis``; ``prediction`` and
``explanation`` write a folder about it.
"""
