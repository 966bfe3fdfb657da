import { BuildFailure } from '../../../core/failure.ts';
import type { PackageJson } from './package-json.ts';

/** How a built application starts, before the paths of its artifact are known. */
export type StartPlan =
  | {
      readonly kind: 'node';
      readonly args: readonly string[];
      readonly environment: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'shell'; readonly command: string }
  | { readonly kind: 'static'; readonly folder: string };

export interface NodeLine {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** `Procfile` wins, then the start script, then `server.js` as npm itself does. */
export function planStart(folder: {
  readonly application: string;
  readonly procfile: string | undefined;
  readonly packageJson: PackageJson;
  readonly hasServerFile: boolean;
  /** `npm start`, or how else the start script is run. */
  readonly runStart: string;
}): StartPlan {
  const { packageJson } = folder;
  const web = parseProcfile(folder.procfile ?? '')['web'];
  if (web !== undefined) return planLine(web, packageJson) ?? { kind: 'shell', command: web };
  if (packageJson.scripts['start'] !== undefined) {
    return planScript('start', packageJson) ?? { kind: 'shell', command: folder.runStart };
  }
  if (folder.hasServerFile) return planNode({ args: ['server.js'], environment: {} }, packageJson);
  throw new BuildFailure(
    'prepare',
    `Application "${folder.application}" does not say how it starts.`,
    {
      nextStep: `Add a "start" script to ${folder.application}/package.json, or a Procfile with a line "web: …".`,
    },
  );
}

/** `name: command line`, one process type a line. */
export function parseProcfile(text: string): Readonly<Record<string, string>> {
  const lines = text.split(/\r?\n/).flatMap((line) => {
    const [, name, command] = /^\s*([A-Za-z0-9_-]+)\s*:\s*(\S.*?)\s*$/.exec(line) ?? [];
    return name === undefined || command === undefined ? [] : [[name, command] as const];
  });
  return Object.fromEntries(lines);
}

const assignment = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s;

/** Takes a line apart where it is plainly `node …`, so that a shell would change nothing; else undefined. */
export function parseStartLine(line: string): NodeLine | undefined {
  const words = splitPlainWords(line);
  if (words === undefined) return undefined;
  const command = words.findIndex((word) => !assignment.test(word));
  if (words[command] !== 'node') return undefined;
  const assignments = words.slice(0, command).map((word) => {
    const [, name = '', value = ''] = assignment.exec(word) ?? [];
    return [name, unquote(value)] as const;
  });
  return {
    args: words.slice(command + 1).map(unquote),
    environment: Object.fromEntries(assignments),
  };
}

/** A script that npm would run with others around it, or through a shell's own powers, is left to npm. */
function planScript(name: string, packageJson: PackageJson, depth = 0): StartPlan | undefined {
  const { scripts } = packageJson;
  const line = scripts[name];
  if (line === undefined || depth > 3) return undefined;
  if (scripts[`pre${name}`] !== undefined || scripts[`post${name}`] !== undefined) return undefined;
  return planLine(line, packageJson, depth);
}

function planLine(line: string, packageJson: PackageJson, depth = 0): StartPlan | undefined {
  const plain = parseStartLine(line);
  if (plain !== undefined) return planNode(plain, packageJson);
  const [, script] = /^(?:npm|yarn|pnpm)(?: run| run-script)? ([\w:.-]+)$/.exec(line.trim()) ?? [];
  return script === undefined ? undefined : planScript(script, packageJson, depth + 1);
}

/** Applications read their own name and version from what npm would have set. */
function planNode({ args, environment }: NodeLine, packageJson: PackageJson): StartPlan {
  const { name, version } = packageJson;
  const set = {
    ...(name === undefined ? {} : { npm_package_name: name }),
    ...(version === undefined ? {} : { npm_package_version: version }),
  };
  return { kind: 'node', args, environment: { ...set, ...environment } };
}

/** Characters that mean nothing to a shell, and quotes in which nothing does. */
const word = /(?:[^\s'"\\$`|&;<>()*?[\]{}#~!]|'[^']*'|"[^"\\$`]*")+/;
const plainLine = new RegExp(`^${word.source}(?:[ \\t]+${word.source})*$`);

function splitPlainWords(line: string): readonly string[] | undefined {
  const trimmed = line.trim();
  return plainLine.test(trimmed) ? (trimmed.match(new RegExp(word, 'g')) ?? []) : undefined;
}

function unquote(text: string): string {
  return text.replace(/'([^']*)'|"([^"]*)"/g, (_, single, double) => single ?? double);
}
