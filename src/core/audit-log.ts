/** What one commit changed, for people who ask later who did it. Written with the change and never altered. */
export interface AuditLogEntry {
  readonly projectKey: string;
  /** ms since the epoch */
  readonly at: number;
  readonly actor: Actor;
  readonly correlationId: string;
  /** What was asked for: the name of the endpoint, or of the operator's command. */
  readonly action: string;
  readonly resource: AuditedResource;
  /** As the API shows it, secrets as digests. Absent where there was nothing. */
  readonly before?: Shown;
  /** Absent where nothing is left. */
  readonly after?: Shown;
  /** Something was left out of `before` or `after`: they were too large. */
  readonly shortened: boolean;
}

/** As it is kept. Of one resource the sequence is that of the commits, and no number comes twice. */
export interface NumberedEntry extends AuditLogEntry {
  readonly sequence: number;
}

export type Actor =
  | {
      readonly type: 'client';
      readonly clientId: string;
      /** Its token is not Berth's, nor is the client of that id. */
      readonly issuer?: 'other';
      /** Whom the token of another issuer names. */
      readonly subject?: string;
    }
  | { readonly type: 'operator' };

export const auditedTypes = [
  'project',
  'api-client',
  'connector-staged',
  'deployment',
  'operation',
  'job-run',
] as const;

export interface AuditedResource {
  readonly typeId: (typeof auditedTypes)[number];
  readonly id: string;
  readonly key?: string;
  /** Of an operation: what it works on. Of a run of a job: its Deployment. */
  readonly subject?: { readonly typeId: 'deployment' | 'connector'; readonly id: string };
}

export type Shown = Readonly<Record<string, unknown>>;

/** Of `before` and of `after`: characters of their JSON. Most need a tenth of it. */
export const maxShownCharacters = 32_768;

/** Lists this long and texts of so many characters are left whole, in turn, until it is small enough. */
const sizes = [
  { items: 200, characters: 2_000 },
  { items: 50, characters: 500 },
  { items: 20, characters: 200 },
  { items: 5, characters: 100 },
  { items: 0, characters: 40 },
] as const;

/** A resource whose every field is bounded, made small enough to be kept for long. */
export function shorten(
  shown: Shown,
  maxCharacters = maxShownCharacters,
): { readonly shown: Shown; readonly shortened: boolean } {
  if (JSON.stringify(shown).length <= maxCharacters) return { shown, shortened: false };
  for (const size of sizes) {
    const shorter = shortenValue(shown, size) as Shown;
    if (JSON.stringify(shorter).length <= maxCharacters) return { shown: shorter, shortened: true };
  }
  return { shown: {}, shortened: true };
}

interface Size {
  readonly items: number;
  readonly characters: number;
}

function shortenValue(value: unknown, size: Size): unknown {
  if (typeof value === 'string') return shortenText(value, size);
  if (Array.isArray(value)) {
    const kept = value.slice(0, size.items).map((one) => shortenValue(one, size));
    const left = value.length - kept.length;
    return left === 0 ? kept : [...kept, `… ${left} more`];
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, shortenValue(one, size)]),
  );
}

function shortenText(text: string, { characters }: Size): string {
  if (text.length <= characters) return text;
  return `${text.slice(0, characters).toWellFormed()}… ${text.length - characters} more characters`;
}
