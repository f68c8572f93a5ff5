"""The family `wording`: words that no dictionary knows, long sentences, text that is hard to read."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.check.finding import Remark, Severity
from newsletter.check.proof import Proof, Written
from newsletter.check.rule import Family
from newsletter.check.wording.prose import PROSE, Sentence, readable, sentences, syllables
from newsletter.check.wording.spelling import Spelling, stem, words_in
from newsletter.check.wording.vocabulary import NAMES, NO_WORDS, Vocabulary
from newsletter.errors import Where
from newsletter.language import N_, _

FAMILY = Family("wording")

LONGEST_SENTENCE = 30
"""Words."""
FEWEST_WORDS = 60
"""Of a section, from which its ease of reading can be told."""
HARD = 20
"""Reading ease below which a section is told: texts of offices lie mostly between 10 and 40."""
_MOST_PROPOSALS = 3


@FAMILY.rule(
    "spelling",
    Severity.HINT,
    title=N_("Words are spelled as in the dictionary"),
    why=N_(
        "A misspelled word looks careless, is not found by searches, and is read out wrongly. The "
        "dictionaries are hunspell's; names, and what [check] words lists, count as right."
    ),
    source="https://hunspell.github.io/",
)
def spelling(proof: Proof) -> Iterator[Remark]:
    """Tell each word that no dictionary knows, where it first stands."""
    if proof.issue is None:
        return
    language = proof.issue.language
    vocabulary = Vocabulary.of_settings(language, proof.settings)
    kept = proof.cache / f"words-{proof.issue.id}.json" if proof.cache else None
    told = Spelling.of(language, vocabulary, kept)
    lines = [line for one in proof.written if _has_words(one) for line in _lines(one, language)]
    unknown = told.unknown([words for _where, words, _anchor in lines], vocabulary.with_names(proof))
    for where, words, anchor in lines:
        for word in words:
            if word in unknown:
                yield _unknown(proof.point(where, stem(word)), stem(word), unknown.pop(word), anchor)


def _has_words(one: Written) -> bool:
    return one.name not in NAMES | NO_WORDS and one.text.kind not in NO_WORDS


def _lines(one: Written, language: str) -> Iterator[tuple[Where, list[str], str]]:
    for line, where in one.lines():
        yield where, list(words_in(readable(line.strip()), language)), one.anchor


def _unknown(where: Where, word: str, proposals: tuple[str, ...], anchor: str) -> Remark:
    message = _("The dictionary does not know “{word}”.").format(word=word)
    cure = _("Correct it; if it is right, list it in newsletter.toml under [check] words.")
    if proposals:
        meant = ", ".join(_("“{word}”").format(word=proposal) for proposal in proposals[:_MOST_PROPOSALS])
        cure = _(
            "Is this meant: {proposals}? If it is right, list it in newsletter.toml under [check] words."
        )
        cure = cure.format(proposals=meant)
    return Remark(where, message, cure, anchor, word)


@FAMILY.rule(
    "long-sentence",
    Severity.HINT,
    title=N_("Sentences have at most 30 words"),
    why=N_(
        "Who reads on a phone, in a hurry, or in a language that is not their first, loses the thread of a "
        "long sentence. The news agency dpa wishes for 20 words at most, and allows 30."
    ),
    source="Wolf Schneider: Deutsch für Profis (1982)",
)
def long_sentence(proof: Proof) -> Iterator[Remark]:
    """Tell each sentence that is too long."""
    for one, sentence in _sentences(proof):
        if sentence.length > LONGEST_SENTENCE:
            begin = sentence.beginning()
            message = _("This sentence has {count} words: “{begin} …”.")
            cure = _("Make two sentences of it, or a list of what it enumerates.")
            where = proof.point(sentence.where, begin)
            yield Remark(where, message.format(count=sentence.length, begin=begin), cure, one.anchor, begin)


@FAMILY.rule(
    "reading-ease",
    Severity.HINT,
    title=N_("Sections can be read without effort"),
    why=N_(
        "Flesch's reading ease is reckoned from the length of sentences and words: 100 is very easy, what "
        "is below 30 only practised readers get through. For German in Amstad's form: 180, less the words "
        "in a sentence, less 58.5 times the syllables in a word. It knows nothing of what is said."
    ),
    source="Toni Amstad: Wie verständlich sind unsere Zeitungen? (Zürich 1978); "
    "Rudolf Flesch: A New Readability Yardstick, Journal of Applied Psychology 32 (1948)",
)
def reading_ease(proof: Proof) -> Iterator[Remark]:
    """Tell each section that is hard to read."""
    if proof.issue is None:
        return
    found: dict[str, list[Sentence]] = {}
    for one, sentence in _sentences(proof):
        found.setdefault(one.anchor, []).append(sentence)
    for anchor, several in found.items():
        ease = flesch(several, proof.issue.language)
        if sum(len(sentence.words) for sentence in several) >= FEWEST_WORDS and ease < HARD:
            message = _("This section is very hard to read (reading ease {ease:.0f} of 100).").format(
                ease=ease
            )
            cure = _("Write shorter sentences, and verbs in the place of long nouns.")
            where = proof.point(several[0].where, several[0].beginning())
            yield Remark(where, message, cure, anchor, several[0].beginning())


def flesch(several: list[Sentence], language: str) -> float:
    """Return the reading ease of some sentences: 100 is very easy, 0 very hard; it may lie beyond both."""
    words = [word for sentence in several for word in sentence.words]
    if not words:
        return 100
    in_sentence = len(words) / len(several)
    in_word = sum(syllables(word, language) for word in words) / len(words)
    if language == "de":
        return 180 - in_sentence - 58.5 * in_word
    return 206.835 - 1.015 * in_sentence - 84.6 * in_word


def _sentences(proof: Proof) -> Iterator[tuple[Written, Sentence]]:
    for one in proof.written:
        if one.text.kind in PROSE and one.name not in NAMES:
            for sentence in sentences(one.text):
                yield one, sentence
