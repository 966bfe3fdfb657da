import { expect } from 'vitest';
import { buildDocument } from '../../src/control-plane/api/openapi/document.ts';
import { routes } from '../../src/control-plane/api/routes.ts';
import type { StreamEvent } from './event-stream.ts';
import { answerCheck, operationsOf } from './openapi.ts';

const document = JSON.parse(JSON.stringify(buildDocument(routes)));
const check = answerCheck(document);

/** Each event is one that the API's description knows, and holds nothing else. */
export function expectDescribed(operationId: string, events: readonly StreamEvent[]): void {
  const described = operationsOf(document).find(
    ({ operation }) => operation.operationId === operationId,
  );
  if (described === undefined) throw new Error(`Nothing is called ${operationId}`);
  expect(events.length).toBeGreaterThan(0);
  expect(check(described, { status: 200, body: events })).toBeUndefined();
}
