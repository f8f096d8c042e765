// Undo and redo of one text.

const MOST = 200; // steps that are kept

/** States of a text, in order; `now` is the present one. */
export class History {
  constructor(text) {
    this.reset(text);
  }

  /** Forget everything before. */
  reset(text) {
    [this.now, this.before, this.after] = [text, [], []];
  }

  /** A new state; what was undone is gone. */
  push(text) {
    if (text === this.now) return;
    this.before = [...this.before, this.now].slice(-MOST);
    [this.now, this.after] = [text, []];
  }

  /** One step back; returns whether there was one. */
  undo() {
    return this.step(this.before, this.after);
  }

  /** One step forward. */
  redo() {
    return this.step(this.after, this.before);
  }

  step(from, to) {
    if (!from.length) return false;
    to.push(this.now);
    this.now = from.pop();
    return true;
  }
}
