/** When a step will end. Imported when a task first tells how far it is. */

/** From less nobody can tell how long the rest will take. */
const LEAST_SHARE = 0.05;
const LEAST_MS = 5_000;
/** By less of what is left an estimate is not corrected: it would only flicker. */
const TOLERANCE = 0.15;

/** How fast a step gets on, and so when it will end. Times are in milliseconds. */
export class Pace {
  #began = 0;
  #from = 0;
  #at = 0;
  #share = 0;
  #end = 0;

  /**
   * @param {number | undefined} share that is done
   * @param {number} now
   */
  note(share, now) {
    if (share === undefined || share < this.#share || this.#began === 0) {
      this.#began = now;
      this.#from = share ?? 0;
      this.#end = 0;
    }
    this.#at = now;
    this.#share = share ?? 0;
    const span = now - this.#began;
    const done = this.#share - this.#from;
    if (done < LEAST_SHARE || span < LEAST_MS) return;
    const end = now + (span * (1 - this.#share)) / done;
    if (Math.abs(end - this.#end) > TOLERANCE * (end - now)) this.#end = end;
  }

  /**
   * What is left of the step, or null where nobody can tell.
   *
   * @param {number} now
   */
  left(now) {
    // Where it has not got on for long, it has another pace than it had.
    const isStuck = now - this.#at > LEAST_MS + (this.#at - this.#began) / 2;
    return isStuck || this.#end <= now || this.#share === 1 ? null : this.#end - now;
  }
}
