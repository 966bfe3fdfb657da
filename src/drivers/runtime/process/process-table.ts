import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { execa } from 'execa';

/** The running processes of this machine, as far as a runtime has to know them. */
export interface ProcessTable {
  /** When a process was started, in words that no other process with its number shares. Undefined where it is gone. */
  startTimeOf(pid: number): Promise<string | undefined>;
  /** The processes of a group that still do something: zombies, which nobody may ever collect, are left out. */
  membersOf(group: number): Promise<readonly number[]>;
  /** The same of a leader that runs, as far as they come from it: quicker where many processes run. */
  membersFrom(leader: number): Promise<readonly number[]>;
  /** Processes whose environment mentions the text. Empty where the system does not tell. */
  mentioning(text: string): Promise<readonly number[]>;
}

export function openProcessTable(platform: NodeJS.Platform): ProcessTable {
  return platform === 'linux' ? procTable : psTable;
}

export interface ProcessStat {
  readonly state: string;
  readonly group: number;
  readonly startTicks: string;
}

/** `/proc/<pid>/stat`: the second field is the program's name in brackets and may hold anything, brackets too. */
export function parseStat(stat: string): ProcessStat {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', group: Number(fields[2]), startTicks: fields[19] ?? '' };
}

export const procTable: ProcessTable = {
  async startTimeOf(pid) {
    const stat = readProc(`${pid}/stat`);
    if (stat === undefined) return undefined;
    const { state, startTicks } = parseStat(stat.toString());
    // Ticks are counted from the start of the machine, and that is told by its boot id.
    const boot = readProc('sys/kernel/random/boot_id');
    return isDone(state) ? undefined : `${boot?.toString().trim() ?? ''} ${startTicks}`;
  },
  async membersOf(group) {
    return findProcesses('stat', (stat) => isMember(stat, group));
  },
  async membersFrom(leader) {
    const found = new Set([leader]);
    for (const pid of found) {
      const children = childrenOf(pid);
      // Not every kernel tells.
      if (children === undefined && pid === leader) return this.membersOf(leader);
      for (const child of children ?? []) found.add(child);
    }
    return [...found].filter((pid) => {
      const stat = readProc(`${pid}/stat`);
      return stat !== undefined && isMember(stat, leader);
    });
  },
  async mentioning(text) {
    return findProcesses('environ', (environ) => environ.includes(text));
  },
};

export const psTable: ProcessTable = {
  async startTimeOf(pid) {
    const [row] = await ps(['-o', 'stat=,lstart=', '-p', String(pid)]);
    const [, state = '', started] = /^\s*(\S+)\s+(.*\S)\s*$/.exec(row ?? '') ?? [];
    return isDone(state) ? undefined : started;
  },
  async membersOf(group) {
    const rows = await ps(['-A', '-o', 'pid=,pgid=,stat=']);
    return rows.flatMap((row) => {
      const [pid, pgid, state = ''] = row.trim().split(/\s+/);
      return Number(pgid) === group && !isDone(state) ? [Number(pid)] : [];
    });
  },
  membersFrom(leader) {
    return this.membersOf(leader);
  },
  async mentioning() {
    return [];
  },
};

function isMember(stat: Buffer, group: number): boolean {
  const found = parseStat(stat.toString());
  return found.group === group && !isDone(found.state);
}

/** Each thread has its own. */
function childrenOf(pid: number): readonly number[] | undefined {
  const threads = listNumbers(`/proc/${pid}/task`);
  const lists = threads.map((thread) => readProc(`${pid}/task/${thread}/children`)?.toString());
  if (lists.every((list) => list === undefined)) return undefined;
  return lists.flatMap((list) => list?.split(' ').filter(Boolean).map(Number) ?? []);
}

function listNumbers(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => /^\d+$/.test(name));
  } catch {
    // It has ended meanwhile.
    return [];
  }
}

function isDone(state: string): boolean {
  return state.startsWith('Z') || state.startsWith('X');
}

/** So many are read before others have their turn: that takes a millisecond or two. */
const readsAtOnce = 64;

async function findProcesses(
  file: 'stat' | 'environ',
  isWanted: (content: Buffer) => boolean,
): Promise<readonly number[]> {
  const found: number[] = [];
  const pids = listNumbers('/proc');
  for (const [index, pid] of pids.entries()) {
    if (index % readsAtOnce === readsAtOnce - 1) await nextTurn();
    const content = readProc(`${pid}/${file}`);
    if (content !== undefined && isWanted(content)) found.push(Number(pid));
  }
  return found;
}

const roomFor = Buffer.alloc(64 * 1024);

/**
 * Nothing there waits for a disk: it costs a fraction of what the same through other threads does. The answer holds until
 * the next call.
 */
function readProc(name: string): Buffer | undefined {
  let file: number | undefined;
  try {
    file = openSync(`/proc/${name}`, 'r');
    let length = 0;
    for (let read = 1; read > 0 && length < roomFor.length; length += read) {
      read = readSync(file, roomFor, length, roomFor.length - length, null);
    }
    const content = roomFor.subarray(0, length);
    return length < roomFor.length ? content : Buffer.concat([content, readFileSync(file)]);
  } catch {
    // Ended meanwhile, or another user's: neither is ours to count.
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

async function ps(args: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await execa('ps', args, {
    reject: false,
    timeout: 5000,
    env: { LC_ALL: 'C', TZ: 'UTC' },
  });
  return stdout.split('\n').filter((row) => row.trim() !== '');
}
