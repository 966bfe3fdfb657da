/**
 * Keeps others off the connection while a transaction is open on it. Commands of one message do not wait for each
 * other: the thread works one message at a time anyway.
 */
export class Turns {
  #transactions: Promise<void> = Promise.resolve();
  #open = 0;
  #closed: Error | undefined;

  get isTaken(): boolean {
    return this.#open > 0;
  }

  /**
   * Sends when every transaction that was asked for earlier has ended. Nothing may come between that moment and the
   * sending, or the command would land inside the next transaction; hence the callback.
   */
  async between<T>(send: () => Promise<T>): Promise<T> {
    this.#refuseWhenClosed();
    if (this.#open > 0) await this.#transactions;
    return send();
  }

  /** Resolves with the way to end the turn when the connection belongs to the caller alone. */
  async take(): Promise<() => void> {
    this.#refuseWhenClosed();
    const earlier = this.#transactions;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#transactions = promise;
    this.#open += 1;
    await earlier;
    return () => {
      this.#open -= 1;
      resolve();
    };
  }

  /** Takes no more, and resolves when the open ones have ended. */
  async close(reason: Error): Promise<void> {
    this.#closed ??= reason;
    await this.#transactions;
  }

  #refuseWhenClosed(): void {
    if (this.#closed !== undefined) throw this.#closed;
  }
}
