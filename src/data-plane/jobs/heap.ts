/** Keeps the smallest at hand; adding and taking cost no more than the logarithm of its size. */
export class Heap<Item> {
  readonly #items: Item[] = [];
  readonly #isBefore: (one: Item, other: Item) => boolean;

  constructor(isBefore: (one: Item, other: Item) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  first(): Item | undefined {
    return this.#items[0];
  }

  add(item: Item): void {
    this.#items.push(item);
    this.#rise(this.#items.length - 1);
  }

  take(): Item | undefined {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (last !== undefined && this.#items.length > 0) {
      this.#items[0] = last;
      this.#sink(0);
    }
    return first;
  }

  #rise(from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfBefore(at, parent)) return;
      at = parent;
    }
  }

  #sink(from: number): void {
    let at = from;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      const child = right < this.size && this.#comesBefore(right, left) ? right : left;
      if (child >= this.size || !this.#swapIfBefore(child, at)) return;
      at = child;
    }
  }

  #swapIfBefore(lower: number, upper: number): boolean {
    if (!this.#comesBefore(lower, upper)) return false;
    [this.#items[lower], this.#items[upper]] = [this.#at(upper), this.#at(lower)];
    return true;
  }

  #comesBefore(one: number, other: number): boolean {
    return this.#isBefore(this.#at(one), this.#at(other));
  }

  #at(index: number): Item {
    return this.#items[index] as Item;
  }
}
