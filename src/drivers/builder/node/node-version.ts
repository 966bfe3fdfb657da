import semver from 'semver';

/** The majors that hosted Connect offers, the preferred one first. */
export const nodeMajors = [24, 22] as const;
export type NodeMajor = (typeof nodeMajors)[number];

export interface NodeChoice {
  readonly major: NodeMajor;
  readonly note?: string;
}

export function chooseNode(engine: string | undefined): NodeChoice {
  if (engine === undefined || engine.trim() === '') return { major: 24 };
  const range = semver.validRange(engine);
  if (range === null) {
    return { major: 24, note: `engines.node "${engine}" is not a version range: Node 24 is used.` };
  }
  const allowed = nodeMajors.find((major) => semver.intersects(range, `${major}.x`));
  if (allowed !== undefined) return { major: allowed };
  const oldest = semver.minVersion(range)?.major ?? 24;
  const major = oldest < 22 ? 22 : 24;
  return {
    major,
    note: `engines.node "${engine}" allows neither 22 nor 24: Node ${major} is used.`,
  };
}
