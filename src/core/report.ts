/** One line of a build, preview or publishing report (contract §3.5). */
export interface ReportEntry {
  readonly type: 'Information' | 'Warning' | 'Error';
  readonly title: string;
  /** What happened and, for Warning and Error, what to do about it. */
  readonly message?: string;
  readonly application?: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

/** Keeps the end of an output: the part that says why a command failed. */
export function lastLines(output: string, lines = 30, maxCharacters = 4000): string {
  const tail = output.trimEnd().split('\n').slice(-lines).join('\n');
  return tail.length <= maxCharacters ? tail : `…${tail.slice(-maxCharacters).toWellFormed()}`;
}
