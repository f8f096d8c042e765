"""Texts for the training speech: random words by their frequency, and English sentences from templates.

The words come from the package wordfreq 3 (`pip install "wordfreq>=3,<4"`); they are only spoken, never stored
in what is shipped.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import numpy as np

WORDS = 12_000
"""Most frequent words of a language that are used."""
FLATTENING = 0.6
"""Words are drawn by frequency to this power: rare ones, with their rarer sounds, come more often."""
LIP_LETTERS = 1.6
"""Words with letters of lip sounds are drawn this many times as often."""
_LIPS = re.compile("[pbmfvwouõöøüůœбпмфвоуюπμβφψουքպբմֆվ]|[בפמו]|[পফবভমওউ]|[பமவஓஊ]|[بپمفو]")
_SHORTEST, _LONGEST = 8, 22
"""Words per text: 3 to 10 seconds."""

_WORD_CLASSES = """
the  | the, the, the, a, my, your, his, her, our, their, this, that, every, another, some, no
adj  | big, small, purple, brown, bumpy, empty, happy, puffy, warm, blue, yellow, broken, famous, simple, humble, polite,
       brave, foamy, smooth, rough, cheap, modern, popular, wooden, muddy, gloomy, proud, perfect, rubber, bitter, plump,
       velvet, favourite, careful, important, available, huge, narrow, oval, woolly, oily, moist, bold, amber, ripe
noun | map, boat, puppy, farmer, baker, mother, father, bottle, apple, pepper, table, lamp, window, book, movie, museum,
       umbrella, bumper, wolf, wave, village, thumb, shop, phone, bubble, poem, piano, moon, roof, boot, bowl, pope, beaver,
       elephant, mushroom, chamber, mayor, poppy, pump, knob, tomb, bomb, robe, cup, hoof, glove, olive, vampire, valley,
       opera, opinion, company, problem, family, number, member, summer, money, market, office, bus, room, food, bridge,
       teacher, doctor, judge, fish, engine, thought, boy, voice, fire, owl, year, ear, chair, tour, path, month, garage
verb | bought, moved, found, opened, built, pushed, pulled, washed, painted, missed, grabbed, believed, approved, wrapped,
       loved, forgot, followed, borrowed, remembered, improved, whispered, mumbled, hoped for, jumped over, bumped, chewed,
       burned, proved, noticed, measured, carved, weighed, employed, destroyed, joined, shouted at, covered, thanked
prep | above, below, from, with, before, beyond, near, by, over, upon, for, of, about, behind, between, without
adv  | maybe, probably, suddenly, often, hopefully, above all, in the morning, of course, by the way, from time to time,
       before long, in a moment, oh, well, wow, whoever it was
name | Bob, Mabel, Pam, Philip, Eve, Victor, Wilma, Fiona, Bobby, Emma, Abraham, Paul, Bruno, Mike, Phoebe, Oliver, Joyce,
       Ruth, Hugh, George, Charlotte, Theo, Judy, Boyd, Owen
num  | two, three, four, five, seven, eleven, twelve, fifty, eighty, a hundred, a few, many
"""
_TEMPLATES = (
    "{name} {verb} {the} {adj} {noun} {prep} {the} {noun}.",
    "{adv}, {name} {verb} {the} {noun}, but {name} {verb} {the} {adj} {noun}.",
    "Why would {name} move {the} {noun} {prep} {the} {adj} {noun}?",
    "Could you please put {the} {adj} {noun} {prep} {the} {noun}, {name}?",
    "{the} {noun} {prep} {the} {noun} was {adj}, {adj} and {adj}.",
    "Whoever {verb} {the} {noun} {prep} my {noun} knew {name} and {name}.",
    "{name} said: we have {num} {noun}s, {num} {noun}s and {num} {adj} {noun}s now.",
    "I hope {name} will remember {the} {adj} {noun} {prep} {the} {noun}!",
    "Before {name} {verb} {the} {noun}, everybody {verb} {the} {adj} {noun}.",
    "No, {the} {noun} does not belong {prep} {the} {noun}; {adv}, it is {adj}.",
    "How beautiful {the} {adj} {noun} is, and how {adj} {the} {noun} {prep} it!",
    "You and I both {verb} {the} {noun}, so who {verb} {the} {noun}?",
)


def _word_classes() -> dict[str, list[str]]:
    """Return the words of each class; a line without a bar goes on with the class before."""
    rows = re.split(r"^(\w+) *\|", _WORD_CLASSES, flags=re.MULTILINE)[1:]
    return {name: [word.strip() for word in words.split(",")] for name, words in zip(rows[::2], rows[1::2], strict=True)}


_LISTS = _word_classes()


class Words(NamedTuple):
    """Words of a language and how likely each is drawn."""

    words: list[str]
    shares: np.ndarray


def is_word(text: str) -> bool:
    """Tell whether a text is letters with their marks, not a number or an address."""
    return all(ch == "'" or unicodedata.category(ch)[0] in "LM" for ch in text)


@lru_cache(maxsize=8)
def words_of(language: str) -> Words:
    """Return the words of a language by its code in wordfreq, from its large list where there is one."""
    try:
        import wordfreq
    except ImportError:
        raise SystemExit('error: the package wordfreq is missing | hint: pip install "wordfreq>=3,<4"') from None
    by_word = wordfreq.get_frequency_dict(language)  # the most frequent first
    found = [word for word in islice(by_word, WORDS) if is_word(word)]
    return Words(found, weighted(found, np.array([by_word[word] for word in found]) ** FLATTENING))


def weighted(words: list[str], weights: np.ndarray) -> np.ndarray:
    """Return shares that favour words with lip sounds [shape=(N,)]."""
    # Accented letters show their parts when decomposed.
    lips = np.array([bool(_LIPS.search(unicodedata.normalize("NFKD", word))) for word in words])
    weights = weights * np.where(lips, LIP_LETTERS, 1.0)
    return weights / weights.sum()


def salad(words: Words, rng: np.random.Generator) -> str:
    """Return random words in short phrases with commas and full stops."""
    left = int(rng.integers(_SHORTEST, _LONGEST + 1))
    parts = []
    while left > 0:
        size = min(left, int(rng.integers(2, 8)))
        left -= size
        phrase = " ".join(str(word) for word in rng.choice(words.words, size, p=words.shares))
        parts.append(phrase + str(rng.choice([",", ".", ".", "?", "!"], p=[0.5, 0.2, 0.15, 0.1, 0.05])))
    # The lists are in lower case throughout, and Greek has another s at the end of words.
    return re.sub(r"σ\b", "ς", " ".join([*parts[:-1], parts[-1].rstrip(",.?!") + "."]))


def sentence(rng: np.random.Generator) -> str:
    """Return an English sentence from a template."""
    template = str(rng.choice(_TEMPLATES))
    text = re.sub(r"{(\w+)}", lambda found: str(rng.choice(_LISTS[found[1]])), template)
    text = re.sub("(?<=[^aeou])ys(?= |,)", "ies", text)
    return text[0].upper() + text[1:]


def english(rng: np.random.Generator) -> str:
    """Return an English text: sentences or random words, half and half."""
    if rng.random() < 0.5:
        return salad(words_of("en"), rng)
    return " ".join(sentence(rng) for _ in range(int(rng.integers(1, 3))))
