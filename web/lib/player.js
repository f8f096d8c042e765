// Plays a sound and tells its time exactly: pictures follow this clock.

import { tr } from "./words.js";

const END_S = 0.02; // this close to its end, a clip is over
const RESUME_MS = 1000; // a page that may not play sound answers never; it then runs on a silent clock

let audio = null; // the page's one audio context: browsers allow few
let sounding = null; // the one player that is heard

/**
 * A sound clock. `time_s` is what is heard now (the delay of the loudspeaker taken off).
 * Without a sound it is a silent clock of `duration_s`.
 */
export class Player {
  #listeners = new Set();
  #url = null;
  #buffer = null;
  #source = null;
  #gain = null;
  #clock = null; // while playing: {now() in seconds, began, from}
  #time_s = 0;
  #loop = false;
  #range = null;
  #volume = 1;
  #muted = false;
  #timer = 0;
  #frame = 0;
  #starts = 0; // counts starts, so that a slow one that is overtaken gives up
  problem = ""; // why nothing is heard, for users

  /** Take a sound (its address, or null for silence) and how long the clip is; it stands at its beginning. */
  load(url, duration_s = 0) {
    this.#halt();
    this.problem = "";
    this.#url = url;
    this.#buffer = null;
    this.duration_s = duration_s;
    this.#range = null;
    this.#time_s = 0;
    this.#tell();
  }

  /** Play from where it stands, or from the beginning where it stands at the end. */
  async play() {
    if (this.playing) return;
    const start = ++this.#starts;
    if (this.#time_s < this.#begin_s || this.#time_s >= this.#end_s - END_S) this.#time_s = this.#begin_s;
    this.#clock = { now: () => 0, began: 0, from: this.#time_s }; // plays from now on, though the sound may take a moment
    this.#tell();
    const heard = this.#url ? await this.#ready() : false;
    if (start === this.#starts) this.#start(heard);
  }

  /** Stop, and stay there. */
  pause() {
    if (!this.playing) return;
    this.#halt();
    this.#tell();
  }

  /** Go to a time, playing or not. */
  seek(time_s) {
    const playing = this.playing;
    this.#halt();
    this.#time_s = Math.min(Math.max(time_s, 0), this.duration_s);
    if (playing && (this.#loop || this.#time_s < this.#end_s - END_S)) this.play();
    else this.#tell();
  }

  /** Stop for good. */
  dispose() {
    this.#halt();
    this.#listeners.clear();
    this.#buffer = this.#url = null;
  }

  /** Call back with (time_s, player) for every picture while it plays, and after each change; returns what ends it. */
  onTick(callback) {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  duration_s = 0;

  get playing() { return this.#clock !== null; }

  get time_s() {
    if (!this.#clock) return this.#time_s;
    const time_s = this.#clock.from + Math.max(0, this.#clock.now() - this.#clock.began);
    if (!this.#loop || time_s < this.#end_s) return Math.min(time_s, this.#end_s);
    return this.#begin_s + ((time_s - this.#begin_s) % Math.max(this.#end_s - this.#begin_s, 0.01));
  }

  get loop() { return this.#loop; }

  set loop(on) { this.#change(() => { this.#loop = Boolean(on); }); }

  /** [begin_s, end_s] to play instead of the whole, or null. */
  get range() { return this.#range; }

  set range(range) { this.#change(() => { this.#range = range && range[1] > range[0] ? [Math.max(0, range[0]), Math.min(this.duration_s, range[1])] : null; }); }

  get volume() { return this.#volume; }

  set volume(volume) { this.#volume = Number.isFinite(volume) ? Math.min(Math.max(volume, 0), 1) : 1; this.#level(); }

  get muted() { return this.#muted; }

  set muted(on) { this.#muted = Boolean(on); this.#level(); }

  get #begin_s() { return this.#range?.[0] ?? 0; }

  get #end_s() { return this.#range?.[1] ?? this.duration_s; }

  /** Change what decides where it ends, and go on from the same place. */
  #change(how) {
    const playing = this.playing;
    this.#halt();
    how();
    if (playing) this.play();
    else this.#tell();
  }

  #level() {
    if (this.#gain) this.#gain.gain.value = this.#muted ? 0 : this.#volume;
    this.#tell();
  }

  /** Decode the sound once, and wake the page's audio; tells whether something will be heard. */
  async #ready() {
    if (sounding !== this) sounding?.pause();
    sounding = this;
    try {
      audio ??= new AudioContext();
      const awake = Promise.race([audio.resume(), new Promise((done) => setTimeout(done, RESUME_MS))]);
      this.#buffer ??= await decoded(this.#url);
      await awake;
      this.problem = audio.state === "running" ? "" : tr("The browser does not let this page play sound.");
    } catch (error) {
      this.problem = error.message;
    }
    return !this.problem;
  }

  #start(heard) {
    this.#clock = heard ? this.#sound() : silentClock(this.#time_s);
    if (!this.#loop) this.#timer = setTimeout(() => this.#finish(), 1000 * (this.#end_s - this.#time_s) + 30);
    const run = () => {
      this.#frame = requestAnimationFrame(run);
      this.#tell();
    };
    run();
  }

  #sound() {
    this.#gain ??= audio.createGain();
    this.#gain.connect(audio.destination);
    this.#level();
    const source = (this.#source = audio.createBufferSource());
    source.buffer = this.#buffer;
    source.connect(this.#gain);
    Object.assign(source, { loop: this.#loop, loopStart: this.#begin_s, loopEnd: this.#end_s });
    const began = audio.currentTime + 0.02; // a moment ahead, so that its beginning is not cut
    if (this.#loop) source.start(began, this.#time_s);
    else source.start(began, this.#time_s, this.#end_s - this.#time_s);
    return { now: () => audio.currentTime - (audio.outputLatency || audio.baseLatency || 0), began, from: this.#time_s };
  }

  #finish() {
    if (this.#clock && this.#clock.from + this.#clock.now() - this.#clock.began < this.#end_s - 0.005) {
      this.#timer = setTimeout(() => this.#finish(), 30); // the loudspeaker is still behind
      return;
    }
    this.#halt();
    this.#time_s = this.#end_s;
    this.#tell();
  }

  /** Stop the sound and the clock; `#time_s` is then where it stood. */
  #halt() {
    this.#time_s = this.time_s;
    this.#clock = null;
    this.#starts++;
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.#source?.stop();
    this.#source?.disconnect();
    this.#gain?.disconnect();
    this.#source = this.#gain = null;
    if (sounding === this) {
      sounding = null;
      audio?.suspend(); // an idle context takes power
    }
  }

  #tell() {
    for (const callback of [...this.#listeners]) callback(this.time_s, this);
  }
}

async function decoded(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(tr("The sound is no longer there. Run the graph again."));
  return audio.decodeAudioData(await answer.arrayBuffer());
}

function silentClock(from) {
  const now = () => performance.now() / 1000;
  return { now, began: now(), from };
}
