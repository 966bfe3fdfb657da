import type { LogEntry } from '../../core/log-entry.ts';
import { maxLineCharacters } from '../../core/log-line.ts';
import { noRedactor, type Redactor, redactLongLine } from '../../core/redaction.ts';
import type { OperationDependencies } from './dependencies.ts';

export interface OutputLog {
  line(text: string): void;
  flush(): Promise<void>;
}

/** Bounded: a command that prints without end fills neither memory nor disk. */
const maxLines = 10_000;
const maxCharacters = 16 * 1024 * 1024;

/** What a command prints belongs to the Deployment's logs, in the order in which it came. */
export function createOutputLog(
  { clock, logs }: Pick<OperationDependencies, 'clock' | 'logs'>,
  of: {
    readonly deploymentId: string;
    readonly applicationName: string;
    readonly source: 'build' | 'postDeploy' | 'preUndeploy';
  },
  classify: (text: string) => Pick<LogEntry, 'type' | 'severity' | 'details'>,
  redactor: Redactor = noRedactor,
): OutputLog {
  const { deploymentId, applicationName, source } = of;
  const entries: LogEntry[] = [];
  let characters = 0;
  return {
    line(text) {
      characters += text.length;
      if (entries.length >= maxLines || characters > maxCharacters) return;
      const {
        type,
        severity,
        details: said,
      } = classify(redactLongLine(text, maxLineCharacters, redactor));
      const details = redactor.json(said) as LogEntry['details'];
      entries.push({
        type,
        deploymentId,
        applicationName,
        severity,
        timestamp: clock.now(),
        details: type === 'APPLICATION_TEXT' ? { ...details, source } : details,
      });
    },
    flush: () => logs.append(entries.splice(0)),
  };
}
