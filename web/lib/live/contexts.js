// How many heads may be drawn in 3D at a time: browsers take the oldest context away when there are more than about 16.

const MOST = 8;
const holders = []; // the one used last comes last

/** Say that a holder draws now; where there are too many, the one that was not used for longest gets `release()`. */
export function claim(holder) {
  drop(holder);
  holders.push(holder);
  while (holders.length > MOST) holders.shift().release();
}

/** Say that a holder draws no more. */
export function drop(holder) {
  const place = holders.indexOf(holder);
  if (place >= 0) holders.splice(place, 1);
}

/** How many draw now. */
export function held() {
  return holders.length;
}
