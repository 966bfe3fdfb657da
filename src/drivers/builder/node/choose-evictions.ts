export interface Candidate {
  readonly key: string;
  /** Without its layers. */
  readonly bytes: number;
  /** ms since the epoch */
  readonly usedAt: number;
  /** Keys of the dependency layers it shares files with. */
  readonly layers: readonly string[];
}

/**
 * Which artifacts go, the longest unused first, until all that stay have at most `maxBytes`, their layers counted once each.
 * Those that are pinned, or were used at or after `usedSince` (ms since the epoch), stay and count.
 */
export function chooseEvictions(
  artifacts: readonly Candidate[],
  layerBytes: ReadonlyMap<string, number>,
  rule: {
    readonly pinned: ReadonlySet<string>;
    readonly maxBytes: number;
    readonly usedSince: number;
  },
): readonly string[] {
  const users = new Map<string, number>();
  for (const layer of artifacts.flatMap(({ layers }) => [...new Set(layers)]))
    users.set(layer, (users.get(layer) ?? 0) + 1);
  let total = sum(artifacts.map(({ bytes }) => bytes));
  total += sum([...users.keys()].map((layer) => layerBytes.get(layer) ?? 0));

  const free = (artifact: Candidate): void => {
    total -= artifact.bytes;
    for (const layer of new Set(artifact.layers)) {
      const left = (users.get(layer) ?? 0) - 1;
      users.set(layer, left);
      if (left === 0) total -= layerBytes.get(layer) ?? 0;
    }
  };
  const going: string[] = [];
  for (const artifact of artifacts.toSorted((one, other) => one.usedAt - other.usedAt)) {
    if (total <= rule.maxBytes) break;
    if (rule.pinned.has(artifact.key) || artifact.usedAt >= rule.usedSince) continue;
    free(artifact);
    going.push(artifact.key);
  }
  return going;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
