"""What is kept for measuring: no model of this pack is ever trained on these sentences, voices and languages."""

from __future__ import annotations

BOB = "Maybe Bob prefers fluffy purple muffins."
HARVARD = (
    "The birch canoe slid on the smooth planks.", "Glue the sheet to the dark blue background.",
    "It's easy to tell the depth of a well.", "These days a chicken leg is a rare dish.",
    "Rice is often served in round bowls.", "The juice of lemons makes fine punch.",
    "The box was thrown beside the parked truck.", "The hogs were fed chopped corn and garbage.",
    "Four hours of steady work faced us.", "A large size in stockings is hard to sell.",
    "The boy was there when the sun rose.", "A rod is used to catch pink salmon.",
    "The source of the huge river is the clear spring.", "Kick the ball straight and follow through.",
    "Help the woman get back to her feet.", "A pot of tea helps to pass the evening.",
    "Smoky fires lack flame and heat.", "The soft cushion broke the man's fall.",
    "The salt breeze came across from the sea.", "The girl at the booth sold fifty bonds.",
)
"""Lists 1 and 2 of the Harvard sentences (IEEE 1969)."""
OTHER_LANGUAGES = {
    "es": "Mi papá compró un barco pequeño para pescar en la bahía.",
    "de": "Peter bäckt am Abend frische Brötchen mit Butter und Pflaumenmus.",
    "fr": "Mon beau papa préfère boire un bon café bien chaud.",
    "it": "Il bambino mangia una pizza con pomodoro e basilico.",
    "pl": "Babcia piecze pyszne placki z powidłami.",
    "cmn": "妈妈买了八本便宜的漫画书。", "ja": "パパとママはパンを食べます。",
    "hi": "माँ बाज़ार से पपीता और आम लाई।", "ar": "ذهب محمد إلى المدرسة مع أمه.", "ru": "Мама мыла раму, папа пил чай.",
}
"""One sentence, rich in p, b and m, per language."""
SENTENCES = (BOB, *HARVARD, *OTHER_LANGUAGES.values())
FLITE_VOICES = ("slt",)
KOKORO_VOICES = ("af_heart", "af_bella", "am_michael", "bf_emma", "bm_george")
"""The bundled voice "heart" speaks like af_heart, from which it was distilled."""
LIBRISPEECH_SPEAKERS = ("61",)
"""Of test-clean, the rest of which is trained on: no figure on that set means anything for this model."""
