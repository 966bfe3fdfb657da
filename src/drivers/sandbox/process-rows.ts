import { readdir, readFile } from 'node:fs/promises';

export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

export async function readProcesses(): Promise<readonly ProcessRow[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const rows = await Promise.all(
    names.map(async (name) => {
      const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
      const [, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return { pid: Number(name), parent: Number(parent), group: Number(group) };
    }),
  );
  return rows;
}

/** The leader's group, and all that comes from it. */
export function descendants(leader: number, rows: readonly ProcessRow[]): readonly number[] {
  const found = new Set(
    rows.filter(({ group, pid }) => group === leader || pid === leader).map(({ pid }) => pid),
  );
  const children = Map.groupBy(rows, ({ parent }) => parent);
  for (const pid of found) {
    for (const child of children.get(pid) ?? []) found.add(child.pid);
  }
  return [...found];
}
