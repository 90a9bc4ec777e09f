"""The errors a caller can expect. Each message says what is wrong, the value seen and what to do."""


class InputError(Exception):
    """Unusable input or a wrong call: the command line ends with exit code 2.

    The last sentence of the message says what to do.

    >>> from pathlib import Path
    >>> import AGE2HIELib as hie
    >>> try:
    ...     hie.read_scan(Path("no-such-scan.nii.gz"))
    ... except hie.InputError as error:
    ...     print(error)
    'no-such-scan.nii.gz' does not exist. Check the name of the input.
    """


class ModelError(InputError):
    """A model bundle or an atlas that cannot be used as it is: exit code 2."""
