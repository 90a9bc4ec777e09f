"""What each command of ``age2hie`` does; imported only when it is called, so that ``--help`` is quick."""
