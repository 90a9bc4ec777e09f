"""The errors a caller can expect. Each message says what is wrong, the value seen and what to do."""


class InputError(Exception):
    """Unusable input or a wrong call: the command line ends with exit code 2."""


class ModelError(InputError):
    """A model bundle or an atlas that cannot be used as it is: exit code 2."""
