import type { LogEntry } from '../../../core/log-entry.ts';
import { classifyLine, maxLineCharacters } from '../../../core/log-line.ts';
import { severitiesWithin } from '../../../core/log-severities.ts';
import {
  createRedactor,
  type NamedSecret,
  noRedactor,
  type Redactor,
  redactLongLine,
} from '../../../core/redaction.ts';
import type { LogOutput } from '../../../ports/log-store.ts';
import { blockLimits, entryPart, outputPart, type Part } from './block.ts';

/**
 * Output is kept as it was printed where that holds no secret and its severities are foreseen: whoever asks for it reads it. All
 * else is read here.
 */
export function* partsOf({ output, timestamp, secrets }: LogOutput): Generator<Part> {
  const redactor = redactorOf(secrets);
  for (const { lines, count, isShort } of cutOutput(output)) {
    // Where they are foreseen there are no control sequences, which may part a secret.
    const severities = isShort ? severitiesWithin(lines) : undefined;
    if (severities !== undefined && !redactor.mayChange(lines))
      yield outputPart({ timestamp, severities, count, lines });
    else for (const line of lines.split('\n')) yield readPart(line, timestamp, redactor);
  }
}

interface Cut {
  readonly lines: string;
  readonly count: number;
  /** No line is cut when it is read. What would be cut off is not to be kept, not even as the beginning of a secret. */
  readonly isShort: boolean;
}

/** No more at once than fits into a block, but for a line that is too long for it by itself. */
function* cutOutput(output: string): Generator<Cut> {
  let from = 0;
  let count = 0;
  let isShort = true;
  let end = -1;
  do {
    const next = output.indexOf('\n', end + 1);
    const to = next < 0 ? output.length : next;
    const isFull = count === blockLimits.entries || to - from > blockLimits.characters;
    if (count > 0 && isFull) {
      yield { lines: output.slice(from, end), count, isShort };
      from = end + 1;
      count = 0;
      isShort = true;
    }
    count += 1;
    if (to - end - 1 > maxLineCharacters) isShort = false;
    end = to;
  } while (end < output.length);
  yield { lines: output.slice(from), count, isShort };
}

/** Its secrets are taken out of what was read, where an escape hides none. */
function readPart(line: string, timestamp: number, redactor: Redactor): Part {
  const { type, severity, details, json } = classifyLine(
    redactLongLine(line, maxLineCharacters, redactor),
  );
  const clean = redactor.json(details) as LogEntry['details'];
  const isText = type === 'APPLICATION_TEXT';
  const isAsPrinted = clean === details && json !== undefined;
  const said = isAsPrinted ? json : JSON.stringify(isText ? clean['message'] : clean);
  return entryPart({ timestamp, severity, details: said });
}

/** Making one is dear, and each application comes again and again with the same secrets. */
const redactors = new Map<string, Redactor>();
const keptRedactors = 64;

function redactorOf(secrets: readonly NamedSecret[]): Redactor {
  if (secrets.length === 0) return noRedactor;
  const key = JSON.stringify(secrets);
  const redactor = redactors.get(key) ?? createRedactor(secrets);
  redactors.delete(key);
  redactors.set(key, redactor);
  const [oldest] = redactors.keys();
  if (redactors.size > keptRedactors && oldest !== undefined) redactors.delete(oldest);
  return redactor;
}
