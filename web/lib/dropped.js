// Files that were dropped together: which of them is the face, the voice and the text.

import { tr } from "./words.js";

const ENDINGS = {
  image: /\.(png|jpe?g|webp|bmp|tiff?|heic|heif|avif)$/i,
  video: /\.(mp4|mov|webm|mkv|m4v|avi|mpg)$/i,
  audio: /\.(wav|mp3|flac|ogg|opus|m4a|aac|wma)$/i,
  text: /\.(txt|lab)$/i,
};

/** "image", "video", "audio", "text" or "" of a file; browsers do not know the type of all of them. */
export function kindOf(file) {
  const known = file.type.split("/")[0];
  if (known in ENDINGS && known !== "text") return known;
  return Object.keys(ENDINGS).find((kind) => ENDINGS[kind].test(file.name)) ?? "";
}

/**
 * What the files mean, or null where they are none of our business: one photo or video, with a sound or a text or both.
 * @returns {{face: File, isVideo: boolean, voice: File | undefined, text: File | undefined} | null}
 */
export function plan(files) {
  const of = (kind) => files.filter((file) => kindOf(file) === kind);
  const faces = [...of("image"), ...of("video")], voices = of("audio"), texts = of("text");
  const ours = faces.length + voices.length + texts.length === files.length;
  if (!ours || faces.length !== 1 || voices.length > 1 || texts.length > 1 || !(voices.length + texts.length)) return null;
  return { face: faces[0], isVideo: kindOf(faces[0]) === "video", voice: voices[0], text: texts[0] };
}

/** Put a file into ComfyUI's input folder and return its name there. */
export async function upload(api, file) {
  const form = new FormData();
  form.append("image", file); // the route takes every kind of file under this name
  const answer = await api.fetchApi("/upload/image", { method: "POST", body: form });
  if (answer.status !== 200) {
    throw new Error(tr("{file} could not be put into ComfyUI's input folder ({answer}).", { file: file.name, answer: `${answer.status} ${answer.statusText}` }));
  }
  const { name, subfolder } = await answer.json();
  return subfolder ? `${subfolder}/${name}` : name;
}
