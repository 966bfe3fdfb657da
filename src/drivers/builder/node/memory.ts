/** Remembers what was made for a key; forgets everything when there is too much of it. */
export interface Memory<T> {
  get(key: string, make: () => Promise<T>): Promise<T>;
}

export function createMemory<T>(maxEntries: number): Memory<T> {
  const entries = new Map<string, { readonly value: T }>();
  return {
    async get(key, make) {
      const known = entries.get(key);
      if (known !== undefined) return known.value;
      const value = await make();
      if (entries.size >= maxEntries) entries.clear();
      entries.set(key, { value });
      return value;
    },
  };
}
