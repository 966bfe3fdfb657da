/** Who wants to hear of commits. Commits that come in one turn of the event loop make one hint. */
export class Watchers {
  readonly #hints = new Map<symbol, () => void>();
  readonly #onWanted: (wanted: boolean) => void;
  #scheduled = false;

  /** `onWanted` is told when the first comes and when the last has gone. */
  constructor(onWanted: (wanted: boolean) => void) {
    this.#onWanted = onWanted;
  }

  add(hint: () => void): () => void {
    const key = Symbol('watcher');
    this.#hints.set(key, hint);
    if (this.#hints.size === 1) this.#onWanted(true);
    return () => {
      if (this.#hints.delete(key) && this.#hints.size === 0) this.#onWanted(false);
    };
  }

  hint(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      for (const hint of [...this.#hints.values()]) hint();
    });
  }
}
