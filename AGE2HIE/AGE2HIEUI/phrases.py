"""What the worker says, in the panel's language.

The worker speaks English, in sentences that a program's parts have in common: a phrase is such a sentence with names
for its arguments, and it is at once the code by which a message is known and the text that is translated. A sentence
that no phrase fits is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from slicer.i18n import translate

_SLOT = re.compile(r"\{(\w+)\}")


class Phrases:
    """Those of one file.

    Args:
        context: of the translation files: package and file that list the phrases.
        phrases: English, with ``{names}`` in place of what differs; the first that fits counts.
    """

    def __init__(self, context: str, phrases: Sequence[str]) -> None:
        self._context, self.phrases = context, tuple(phrases)

    def translated(self, text: str) -> str:
        """A whole text in the user's language; as it is where no phrase fits."""
        for phrase, pattern in self._patterns:
            match = pattern.fullmatch(text)
            if match is not None:
                words = translate(self._context, phrase)
                if set(_SLOT.findall(words)) != set(_SLOT.findall(phrase)):
                    return text  # a translation that has lost an argument says something else
                return self._filled(words, match.groupdict())
        return text

    def _filled(self, words: str, arguments: dict[str, str]) -> str:
        return _SLOT.sub(lambda slot: self._plain(arguments[slot[1]]), words)

    def _plain(self, argument: str) -> str:
        """An argument may be a phrase itself, one without arguments."""
        return translate(self._context, argument) if argument in self.phrases else argument

    @cached_property
    def _patterns(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        return tuple((phrase, pattern(phrase)) for phrase in self.phrases)


def pattern(phrase: str) -> re.Pattern[str]:
    """Fits what the worker says by this phrase; an argument that is named twice must be the same twice."""
    parts, known = [], set[str]()
    for index, part in enumerate(_SLOT.split(phrase)):
        if index % 2 == 0:
            parts.append(re.escape(part))
        else:
            parts.append(f"(?P={part})" if part in known else f"(?P<{part}>.+?)")
            known.add(part)
    return re.compile("".join(parts), re.DOTALL)
