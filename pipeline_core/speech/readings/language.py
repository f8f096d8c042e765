"""Which language a text is in, by its letters and its most frequent small words."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

DEFAULT = "en"
INDIC_SCRIPTS = {"hi": "DEVANAGARI", "bn": "BENGALI", "pa": "GURMUKHI", "gu": "GUJARATI", "or": "ORIYA",
                 "ta": "TAMIL", "te": "TELUGU", "kn": "KANNADA", "ml": "MALAYALAM"}  # fmt: skip
ALIASES = {"ms": "id", "nb": "no", "nn": "no", "bs": "hr", "fa": "ar", "ur": "ar"}
"""Languages that are read by the table of another one."""
_SCRIPTS = {**{script: language for language, script in INDIC_SCRIPTS.items()}, "GREEK": "el", "HANGUL": "ko",
            "HIRAGANA": "ja", "KATAKANA": "ja", "ARABIC": "ar", "HEBREW": "he", "GEORGIAN": "ka", "ARMENIAN": "hy",
            "CYRILLIC": "ru", "CJK": "zh", "THAI": "th"}  # fmt: skip
_CYRILLIC = {"uk": "іїєґ", "be": "ў", "mk": "ѓќѕ", "sr": "ћђџљњј", "kk": "әғқңұүһ", "bg": "ъщ"}
"""Letters that tell; Bulgarian only where Russian's own letters are missing."""
_SMALL_WORDS = {
    "en": "the and of to a in is that it you for was on are with as i his they be at one have this from or had by not but what "
          "we can she he my me your so do no if its there",
    "es": "el la de que y en un una los las por con para no se es su lo como más pero muy está del al le ya hay",
    "fr": "le la les de des et un une est que qui dans en pour pas ce il elle sur au avec du je vous nous se ne plus c'est mais",
    "de": "der die das und ist nicht ein eine ich sie es zu den mit von auf dem im für wir auch sich als aber wie noch einen",
    "it": "il la di che è e un una per non sono con si lo gli le del della ma anche come più nel mi questo",
    "pt": "o a de que e do da em um uma para com não os as se por mais mas ao como foi no na dos das é eu você",
    "nl": "de het een en van is dat niet ik je met op te zijn voor er maar die aan ook wij hij naar wat deze",
    "sv": "och att det som en är på för med av inte ett jag den till om har men vi var så från",
    "no": "og det som en er på for med av ikke et jeg til å har men vi var så fra denne",
    "da": "og det som en er på for med af ikke et jeg den til at har men vi var så fra denne",
    "pl": "i w nie na się to jest z że do jak ale co po o jego za tak są był jej czy przez",
    "cs": "a je se na v to že s z do o jsem jako ale co byl by jsou pro tak po jeho když",
    "sk": "a je sa na v to že s z do o som ako ale čo bol by sú pre tak po jeho keď",
    "hr": "i je u se na da su za od s kao ne to što ali će bi iz sam ili",
    "sl": "in je v se na da so za od z kot ne to kaj ali bo bi iz sem pa",
    "hu": "a az és hogy nem egy is van volt ez de csak meg már mint ha kell vagy",
    "ro": "și de la în nu o este un cu pe ce care din a să mai sunt pentru al lui",
    "tr": "ve bir bu da de için ne çok ile o ben gibi daha var mı değil ama sen kadar",
    "fi": "ja on ei se että hän oli mutta joka tämä ovat kun niin minä myös kuin sen",
    "et": "ja on ei me läbi see et ta oli aga kes kui ka mis ning ma oma",
    "id": "dan yang di itu ini dengan untuk tidak dari dalam akan pada ke saya adalah ada juga bisa",
    "tl": "ang ng sa na mga at ay si ako ito ko hindi kung niya siya",
    "sw": "na ya wa kwa ni katika za la hii yake kuwa kama cha huyo alikuwa watu",
    "ca": "el la de que i en un una els les per amb no és del al com més però aquest són",
    "lt": "ir yra į kad su tai ne iš kaip bet jo jis buvo o per prie ar",
    "lv": "un ir ka ar par no uz tas bet kā viņš nav bija",
    "vi": "và là của có không một được cho trong người này với các đã",
    "eo": "la kaj al tra per estas de en al mi ne ke vi por kun sed li",
}  # fmt: skip
_LETTERS = {"es": "ñ¿¡", "de": "ßäöü", "fr": "çœêèàù", "pt": "ãõç", "pl": "ąęłśćźż", "cs": "řůěčšž", "sk": "ľĺŕôčšž", "hu": "őű",
            "ro": "țșăţş", "tr": "ğışç", "sv": "åäö", "da": "åæø", "no": "åæø", "fi": "äö", "et": "õäöü", "hr": "đćčšž", "sl": "čšž",
            "vi": "ăơưđạảấầẩẫậắằẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ", "lt": "ėįųū", "lv": "āēīģķļņ", "eo": "ĉĝĥĵŝŭ", "it": "èòù",
            "ca": "çàèòï"}  # fmt: skip


def guess_language(text: str) -> str:
    """Return the two letters of a text's language; English where nothing tells.

    Parameters
    ----------
    text : str
        A sentence or more; a single word of Latin script counts as English.
    """
    letters = [ch for ch in text.lower() if ch.isalpha()]
    scripts = Counter(_script(ch) for ch in letters)
    if scripts["HIRAGANA"] + scripts["KATAKANA"]:
        return "ja" if scripts["LATIN"] < len(letters) / 2 else _latin(text)
    script = scripts.most_common(1)[0][0] if scripts else "LATIN"
    if script == "CYRILLIC":
        return _cyrillic(set(letters))
    return _SCRIPTS.get(script) or _latin(text)


def _script(ch: str) -> str:
    return unicodedata.name(ch, "LATIN").partition(" ")[0]


def _cyrillic(letters: set[str]) -> str:
    for language, own in _CYRILLIC.items():
        if letters & set(own) and not (language == "bg" and letters & set("ыэё")):
            return language
    return "ru"


def _latin(text: str) -> str:
    """Count small words and special letters."""
    words = Counter(re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*", text.lower()))
    special = Counter(ch for ch in text.lower() if not ch.isascii())
    total = sum(words.values())
    points = {language: sum(words[word] for word in small.split()) + sum(special[ch] for ch in _LETTERS.get(language, ""))
              for language, small in _SMALL_WORDS.items()}
    best = max(points, key=lambda language: (points[language], language == DEFAULT))
    return best if points[best] > points[DEFAULT] and points[best] * 12 >= total else DEFAULT
