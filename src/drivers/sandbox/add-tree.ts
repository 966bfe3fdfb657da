import { writeFile } from 'node:fs/promises';
import type { Cgroup } from './cgroups.ts';
import { descendants, readProcesses } from './process-rows.ts';

/** Puts a process into a group with all that it has started meanwhile. What it starts from then on is in it as well. */
export async function addTree(cgroup: Cgroup, leader: number): Promise<void> {
  const added = new Set<number>();
  for (;;) {
    const found = added.size === 0 ? [leader] : descendants(leader, await readProcesses());
    const rest = found.filter((pid) => !added.has(pid));
    if (rest.length === 0) return;
    for (const pid of rest) {
      added.add(pid);
      // It may have ended.
      for (const door of cgroup.doors) await writeFile(door, String(pid)).catch(() => undefined);
    }
  }
}
