import { ProjectApiFailure } from '../../../core/failure.ts';
import type { Answer } from './send.ts';

export function explain(purpose: string, answer: Answer, nextStep: string): ProjectApiFailure {
  const said = answer.message ?? 'no reason was given';
  return new ProjectApiFailure(`${purpose}: ${said} (HTTP ${answer.status})`, { nextStep });
}
