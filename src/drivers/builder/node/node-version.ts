import semver from 'semver';
import { shown } from './input-failures.ts';

/** The majors that hosted Connect offers, the preferred one first. */
export const nodeMajors = [24, 22] as const;
/** 20 only for what cannot run on the others. */
export type NodeMajor = (typeof nodeMajors)[number] | 20;

/** Of a long one, every part is compared with every other. */
const maxRangeLength = 256;

export interface NodeChoice {
  readonly major: NodeMajor;
  readonly note?: string;
}

export function chooseNode(engine: string | undefined, source: SourceTraits = {}): NodeChoice {
  if (source.importsWithAssert && allowsOldNode(engine)) return { major: 20, note: assertNote };
  if (engine === undefined || engine.trim() === '') return { major: 24 };
  if (engine.length > maxRangeLength) {
    return {
      major: 24,
      note: `engines.node is longer than ${maxRangeLength} characters: Node 24 is used.`,
    };
  }
  const range = semver.validRange(engine);
  if (range === null) {
    return {
      major: 24,
      note: `engines.node "${shown(engine)}" is not a version range: Node 24 is used.`,
    };
  }
  const allowed = nodeMajors.find((major) => semver.intersects(range, `${major}.x`));
  if (allowed !== undefined) return { major: allowed };
  const oldest = semver.minVersion(range)?.major ?? 24;
  const major = oldest < 22 ? 22 : 24;
  return {
    major,
    note: `engines.node "${shown(engine)}" allows neither 22 nor 24: Node ${major} is used.`,
  };
}

export interface SourceTraits {
  /** `import … assert { type: 'json' }`: the proposal's first form, which Node 22 removed. */
  readonly importsWithAssert?: boolean;
}

const assertNote =
  'It imports with `assert`, which Node 22 and newer refuse, so Node 20 is used, which gets no more fixes. Write `with` instead of `assert`.';

function allowsOldNode(engine = ''): boolean {
  if (engine.length > maxRangeLength) return true;
  const range = semver.validRange(engine);
  return range === null || semver.intersects(range, '20.x');
}

const assertion = /\b(?:from|import)\s*(["'])[^"'\n]+\1\s*assert\s*\{/;

export function importsWithAssert(fileName: string, text: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(fileName) && assertion.test(text);
}
