import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditResult } from '../../../core/audit.ts';
import { Failure } from '../../../core/failure.ts';
import { type AuditPlan, planAudit } from './audit-command.ts';
import { type BuildSurroundings, buildEnvironment } from './build-environment.ts';
import type { CheckedOut } from './checkout.ts';
import type { Confinement } from './confinement.ts';
import type { LockedApplication } from './lockfile-digest.ts';
import { parseAudit } from './parse-audit.ts';
import { planManager } from './plan.ts';
import { runTool, type ToolResult } from './run-tool.ts';
import type { Tools } from './tools.ts';

export interface AuditRunDeps {
  readonly tools: Tools;
  readonly surroundings: BuildSurroundings;
  readonly confinement: Confinement;
  readonly auditTimeoutMs: number;
}

/** Asks the registry about one lockfile. @throws the signal's reason; everything else that can happen is an outcome */
export async function runAudit(
  deps: AuditRunDeps,
  { application, record }: LockedApplication,
  at: CheckedOut,
  signal: AbortSignal,
): Promise<AuditResult> {
  const { facts } = record;
  const plan = planAudit(planManager(facts), facts.pnpmLock);
  const directory = join(at.tree, application);
  if (plan.manager.name === 'pnpm') await forgetManagerVersion(directory);
  try {
    const { path, packageManager } = await deps.tools.toolset(ownNode, plan.manager);
    signal.throwIfAborted();
    const ran = await ask(deps, plan, { at, path, directory }, signal);
    return conclude(plan, packageManager, ran, deps.auditTimeoutMs);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Failure) return skipped(error.message);
    throw error;
  }
}

function skipped(reason: string) {
  return { outcome: 'skipped' as const, reason };
}

/** The one Berth has: which Node an application runs with makes no difference here. */
const ownNode = 24;

/** pnpm would want to be exactly the version that package.json names. */
async function forgetManagerVersion(directory: string): Promise<void> {
  const file = join(directory, 'package.json');
  const content: unknown = JSON.parse((await readFile(file, 'utf8')).replace(/^\uFEFF/, ''));
  const fields = typeof content === 'object' && content !== null ? content : {};
  const { packageManager: _, devEngines: __, engines: ___, ...rest } = fields as FieldsOfManager;
  await writeFile(file, JSON.stringify(rest));
}

interface FieldsOfManager {
  readonly packageManager?: unknown;
  readonly devEngines?: unknown;
  readonly engines?: unknown;
}

interface AuditRun {
  readonly result: ToolResult;
  /** Undefined where it was more than anybody should keep. */
  readonly stdout: string | undefined;
}

async function ask(
  { surroundings, confinement, auditTimeoutMs }: AuditRunDeps,
  { command, environment }: AuditPlan,
  where: { readonly at: CheckedOut; readonly path: string; readonly directory: string },
  signal: AbortSignal,
): Promise<AuditRun> {
  const { home, temporary } = where.at;
  const output = collectOutput();
  const folders = { home, temporary, path: [where.path] };
  const place = {
    directory: where.directory,
    environment: {
      ...buildEnvironment(surroundings, folders, {}),
      // Else Yarn 1 makes the folder that the project names, wherever that is.
      YARN_CACHE_FOLDER: join(temporary, 'yarn'),
      ...environment,
    },
  };
  const result = await runTool({
    file: join(where.path, command.tool),
    args: command.args,
    ...place,
    confine: (program) => confinement.confine({ program, ...place, at: where.at }),
    timeoutMs: auditTimeoutMs,
    signal,
    onOutput: () => {},
    onStdout: output.take,
  });
  if (result.outcome === 'aborted') throw signal.reason;
  return { result, stdout: output.text() };
}

const maxOutputBytes = 32 * 1024 * 1024;

function collectOutput() {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  return {
    take(chunk: Uint8Array) {
      bytes += chunk.byteLength;
      if (bytes <= maxOutputBytes) chunks.push(chunk);
    },
    text: () => (bytes <= maxOutputBytes ? Buffer.concat(chunks).toString('utf8') : undefined),
  };
}

function conclude(
  { manager, command }: AuditPlan,
  tool: string,
  { result, stdout }: AuditRun,
  timeoutMs: number,
): AuditResult {
  const no = (why: string) => skipped(`\`${command.label}\` of ${tool} ${why}`);
  const failed = (words: string): AuditResult => {
    const { why, refused } = explain(words);
    return { ...no(why), ...(refused ? { refused } : {}) };
  };
  if (result.outcome === 'timed-out') {
    return no(`had no answer after ${Math.round(timeoutMs / 1000)} s.`);
  }
  if (stdout === undefined) return no('answered more than Berth reads.');
  const parsed = parseAudit[manager.name](stdout);
  if (parsed === undefined || (manager.name === 'yarn-berry' && isEmptyFailure(result, stdout))) {
    return failed(lastWords(result));
  }
  if ('error' in parsed) return failed(parsed.error || lastWords(result));
  // Production dependencies are declared, and none was asked about: a lockfile that it cannot read, or that has none of them.
  if (parsed.packages === 0) return no('found none of the declared packages in the lockfile.');
  return { outcome: 'checked', tool, ...parsed };
}

/** Yarn 4 prints nothing where nothing is found, and nothing to stdout where it failed. */
function isEmptyFailure({ outcome }: ToolResult, stdout: string): boolean {
  return outcome !== 'success' && stdout.trim() === '';
}

/** The line that says what went wrong: tools print advice and stack traces around it. */
function lastWords({ tail, reason }: ToolResult): string {
  const telling = tail.split('\n').find((line) => /error|YN\d{4}|fail|\b[45]\d\d\b/i.test(line));
  return (telling ?? `ended with ${reason}`).replace(/\\n.*$/s, '').replace(/^[^\w]+/, '');
}

const maxReasonCharacters = 300;

function explain(words: string): { readonly why: string; readonly refused: boolean } {
  const plain = words
    .replace(/(\w+:\/\/)[^\s/@]+@/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();
  const text =
    plain.length > maxReasonCharacters
      ? `${plain.slice(0, maxReasonCharacters).toWellFormed()}…`
      : plain;
  const isRefused = /\b(?:400|404|405|410|501)\b/.test(text);
  const why = isRefused
    ? `was refused, so this registry has no such audits: ${text}`
    : `had no answer: ${text}`;
  return { why, refused: isRefused };
}
