// How loud live views are: as the browser's user left it.

const NAME = "talking_avatar.volume";

/** Give a player the loudness that was chosen last, and remember what is chosen. */
export function keepVolume(player) {
  try {
    const [volume, muted] = JSON.parse(localStorage.getItem(NAME) ?? "[1, false]");
    Object.assign(player, { volume, muted });
  } catch {
    // Without storage every page begins at full volume.
  }
  let kept = `[${player.volume},${player.muted}]`;
  player.onTick(() => {
    const now = `[${player.volume},${player.muted}]`;
    if (now === kept) return;
    kept = now;
    try {
      localStorage.setItem(NAME, now);
    } catch {
      // Likewise.
    }
  });
}
