// The 15 visemes: what they sound, look and are coloured like. Sounds and weights as in pipeline_core/speech/phones.py (a test compares).

export const VISEMES = ["sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou"];

/** The sound that a viseme stands for where none is chosen. */
export const DEFAULT_SOUND = {
  sil: "", PP: "m", FF: "f", TH: "θ", DD: "t", kk: "k", CH: "ʃ", SS: "s", nn: "n", RR: "ɹ", aa: "ɑ", E: "ɛ", ih: "ɪ", oh: "ɔ", ou: "u",
};

const TABLE = [
  ["p b ɓ ʙ ʘ m", "PP", 1, true],
  ["ɸ β", "PP", 0.6],
  ["f v", "FF", 1],
  ["ɱ", "FF", 0.9],
  ["ʋ ⱱ", "FF", 0.7],
  ["θ ð", "TH", 1],
  ["t d ʈ ɖ ɗ", "DD", 1],
  ["ɾ ɽ ɺ", "DD", 0.7],
  ["s z ʦ ʣ", "SS", 1],
  ["ʃ ʒ ʂ ʐ ɕ ʑ ɧ ʧ ʤ ʨ ʥ ꭧ", "CH", 1],
  ["n ɳ l ɫ ɭ ɬ ɮ", "nn", 1],
  ["ɲ", "nn", 0.9],
  ["ʎ ʟ", "nn", 0.8],
  ["ɹ ɻ", "RR", 1],
  ["r ɚ", "RR", 0.7],
  ["k ɡ ɠ q ɢ ʛ", "kk", 1],
  ["ŋ ɴ χ ʁ ʀ ʢ ʜ ç ʝ", "kk", 0.8],
  ["x ɣ ɰ c ɟ ʄ", "kk", 0.9],
  ["ħ ʕ", "kk", 0.5],
  ["h ɦ ʔ ʡ", "kk", 0.3],
  ["j ɨ ᵻ ɯ", "ih", 0.7],
  ["w ʍ u ʉ", "ou", 1],
  ["ɥ ʊ y ʏ ø", "ou", 0.9],
  ["a ɑ ɐ ɶ", "aa", 1],
  ["æ", "aa", 0.95],
  ["ʌ", "aa", 0.8],
  ["ɒ ɔ o", "oh", 1],
  ["ɛ", "E", 1],
  ["e", "E", 0.9],
  ["ɜ", "E", 0.8],
  ["ə ɘ ɤ", "E", 0.6],
  ["ɝ", "RR", 0.9],
  ["i", "ih", 1],
  ["ɪ", "ih", 0.9],
  ["œ ɵ ɞ", "oh", 0.8],
];

/** Sound in IPA -> [viseme, weight, whether the lips touch]. */
export const SOUNDS = Object.fromEntries(TABLE.flatMap(([letters, ...look]) => letters.split(" ").map((ipa) => [ipa, look])));

const SHORT = { "ᵊ": "ə", "ᵐ": "m", "ⁿ": "n", g: "ɡ" };
const COMPOSED = { "c\u0327": "ç", "ɜ˞": "ɝ", "ə˞": "ɚ" };

/** A sound without stress, length, tone and other marks, as `plain_ipa` of phones.py. */
export function plainIpa(ipa) {
  if (ipa.startsWith("(")) return "";
  const text = Object.entries(COMPOSED).reduce((all, [long, short]) => all.replaceAll(long, short), ipa.normalize("NFD"));
  return [...text].map((letter) => SHORT[letter] ?? letter).filter((letter) => SOUNDS[letter]).join("");
}

/** What people know a viseme by. */
export const EXAMPLES = {
  sil: "silence", PP: "p b m", FF: "f v", TH: "th", DD: "t d", kk: "k g", CH: "sh ch j", SS: "s z", nn: "n l", RR: "r",
  aa: "father", E: "bed", ih: "see, it", oh: "law, go", ou: "too, w",
};

/** The common sounds of each viseme, to choose from. */
export const CHOICES = {
  sil: [""], PP: ["m", "b", "p", "β"], FF: ["f", "v"], TH: ["θ", "ð"], DD: ["t", "d", "ɾ"], kk: ["k", "ɡ", "ŋ", "h", "x"],
  CH: ["ʃ", "ʒ", "ʧ", "ʤ"], SS: ["s", "z"], nn: ["n", "l"], RR: ["ɹ", "r", "ɝ", "ɚ"], aa: ["ɑ", "a", "æ", "ʌ"],
  E: ["ɛ", "e", "ə", "ɜ"], ih: ["i", "ɪ", "j"], oh: ["ɔ", "o", "ɒ", "œ"],
  ou: ["u", "ʊ", "w", "y"],
};

/** The colour of a viseme's box; closed lips are red. */
export function colourOf(viseme) {
  if (viseme === "PP") return "#d64038";
  if (viseme === "sil") return "transparent";
  return `hsl(${Math.round(36 + (300 * VISEMES.indexOf(viseme)) / VISEMES.length)} 52% 68%)`;
}

// Half width and half height of the opening, how far the lips are pushed forward, teeth (1 upper, 2 both), tongue.
const MOUTHS = {
  sil: [13, 0, 0, 0, 0], PP: [12, 0, 0.5, 0, 0], FF: [12, 2.2, 0, 1, 0], TH: [12, 3.5, 0, 1, 1], DD: [12.5, 3, 0, 2, 0.6],
  kk: [12, 4, 0, 1, 0], CH: [8.5, 3.6, 0.8, 2, 0], SS: [14, 2.6, 0, 2, 0], nn: [12.5, 3.4, 0, 1, 0.8], RR: [9.5, 3.2, 0.6, 0, 0],
  aa: [12, 9, 0, 1, 0.4], E: [14, 5.5, 0, 1, 0.3], ih: [15, 3.6, 0, 2, 0], oh: [9, 6.5, 0.8, 0, 0], ou: [6, 4, 1, 0, 0],
};

/** A small picture of a mouth, as SVG. */
export function mouthPicture(viseme) {
  const [wide, high, round, teeth, tongue] = MOUTHS[viseme];
  const lip = 3.6 + round, bow = round ? 0.4 : 1.4;
  const oval = (w, h) => `M${-w} 0 C${-w * 0.6} ${-h} ${-w * 0.25} ${-h - bow} 0 ${-h + bow * 0.3} C${w * 0.25} ${-h - bow} ${w * 0.6} ${-h} ${w} 0`
    + ` C${w * 0.6} ${h * 1.15} ${-w * 0.6} ${h * 1.15} ${-w} 0Z`;
  const clip = `ta-mouth-${viseme}`;
  const inside = high ? [
    `<clipPath id="${clip}"><path d="${oval(wide, high)}"/></clipPath><g clip-path="url(#${clip})"><rect x="-20" y="-14" width="40" height="28" fill="#3a1114"/>`,
    tongue ? `<ellipse cx="0" cy="${high * (1.2 - 0.7 * tongue)}" rx="${wide * 0.6}" ry="${2 + high * 0.4}" fill="#c8646b"/>` : "",
    teeth ? `<rect x="-20" y="${-high - 4}" width="40" height="${4.6 + high * 0.25}" fill="#f5f1ea"/>` : "",
    teeth > 1 ? `<rect x="-20" y="${high * 0.6}" width="40" height="10" fill="#e9e4da"/>` : "", "</g>",
  ].join("") : `<path d="M${-wide} 0 Q0 ${1.6 - round} ${wide} 0" fill="none" stroke="#5a1d22" stroke-width="1.3"/>`;
  return `<svg viewBox="-22 -15 44 30" aria-hidden="true"><path d="${oval(wide + lip, high + lip)}" fill="#c4706f"/>${inside}</svg>`;
}

/** Moods and the colours of their lane. */
export const EMOTIONS = {
  neutral: "#9aa0a6", happy: "#e6b422", sad: "#5b8bd6", angry: "#d9534f", surprised: "#e58cc4", fear: "#9b7bd4",
  disgust: "#7ca64b", thinking: "#4bb3a6",
};
