// The views' texts in the page's language: the English text is the key, words/<language>.json holds the others.

const LANGUAGES = ["zh", "ja", "es", "de", "fr"];
let table = {};

/** Speak a language from now on; one that is not there leaves the views in English, as the page leaves its own texts. */
export async function speak(language) {
  if (!LANGUAGES.includes(language)) return;
  const answer = await fetch(new URL(`./words/${language}.json`, import.meta.url));
  if (answer.ok) table = await answer.json();
}

/** A text in the page's language; `{name}` in it stands for a part. */
export function tr(text, parts = {}) {
  return (table[text] ?? text).replace(/\{(\w+)\}/g, (_, name) => parts[name]);
}
