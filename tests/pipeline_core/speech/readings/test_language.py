import pytest
from talking_avatar.pipeline_core.speech.readings.language import guess_language

TEXTS = {
    "en": "The quick brown fox jumps over the lazy dog.", "es": "El perro corre por el parque con la niña.",
    "fr": "Je ne sais pas ce que vous voulez dire.", "de": "Der Hund läuft schnell durch den Park und bellt.",
    "it": "Il bambino mangia la pizza con gli amici.", "pt": "O menino não quer comer uma maçã.",
    "nl": "De hond loopt door het park en speelt met een bal.", "sv": "Jag vet inte vad det är för en hund.",
    "pl": "Nie wiem, co się dzieje w tym domu.", "cs": "Nevím, co se děje v tom domě, ale je to dobře.",
    "hu": "Nem tudom, hogy mi van a házban.", "ro": "Nu știu ce este în casa mea și de ce.",
    "tr": "Bu köpek çok büyük ve mavi bir topla oynuyor.", "fi": "En tiedä mitä tämä on, mutta se on hyvä.",
    "id": "Anjing itu berlari di taman dan tidak mau pulang dengan saya.", "ru": "Большая собака бежит по парку и лает, а мы едем.",
    "uk": "Великий собака біжить парком і грається.", "bg": "Кучето бяга през парка със синя топка.",
    "sr": "Желим да идем на море, љубав је њихова.", "el": "Το σκυλί τρέχει στο πάρκο.", "ja": "大きな犬がこうえんを走る。",
    "ko": "큰 개가 공원을 달린다.", "hi": "बड़ा कुत्ता दौड़ रहा है।", "ar": "الكلب الكبير يجري في الحديقة.", "zh": "大狗在公园里跑。",
}  # fmt: skip


@pytest.mark.parametrize("language", TEXTS)
def test_languages_are_told_by_letters_and_small_words(language):
    assert guess_language(TEXTS[language]) == language


@pytest.mark.parametrize("text", ["", "42", "OK", "Amazon", "A Café in São Paulo has the best brownies of all."])
def test_english_is_taken_where_nothing_tells(text):
    assert guess_language(text) == "en"
