/** What one look at this machine found. */
export interface Check {
  /** What it belongs to: `programs`, `data directory`, `network`… */
  readonly area: string;
  readonly name: string;
  /** missing: Berth does not work so. warning: it works, with less than a person may expect. */
  readonly state: 'ok' | 'warning' | 'missing';
  readonly found: string;
  /** What to do about it. */
  readonly nextStep?: string;
}

/** A finding without its place. */
export type Finding = Omit<Check, 'area' | 'name'>;

export function ok(found: string): Finding {
  return { state: 'ok', found };
}

export function warning(found: string, nextStep: string): Finding {
  return { state: 'warning', found, nextStep };
}

export function missing(found: string, nextStep: string): Finding {
  return { state: 'missing', found, nextStep };
}

const patienceMs = 10_000;

/** Looks, for a bounded time. A look that fails is a finding too. */
export async function check(
  area: string,
  name: string,
  look: () => Promise<Finding>,
): Promise<Check> {
  const { promise, resolve } = Promise.withResolvers<Finding>();
  const late = missing(
    `It did not answer within ${patienceMs / 1000} s.`,
    'Look at the load and the disks of this machine.',
  );
  const timer = setTimeout(() => resolve(late), patienceMs);
  const failed = (error: unknown): Finding =>
    missing(error instanceof Error ? error.message : String(error), 'Mend it, then look again.');
  const finding = await Promise.race([look().catch(failed), promise]);
  clearTimeout(timer);
  return { area, name, ...finding };
}
