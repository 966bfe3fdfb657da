import { type ErrorCode, errorTable } from '../../../core/errors.ts';
import { componentPrefix } from '../../../wire/json-schema.ts';

const codes = Object.keys(errorTable) as readonly ErrorCode[];

/** Every status of the error table. */
export const errorStatuses: ReadonlySet<number> = new Set(
  codes.map((code) => errorTable[code].status).toSorted((a, b) => a - b),
);

export function errorAnswerName(status: number): string {
  return `Error${status}`;
}

/** OpenAPI's Response Object, with the codes that have this status. */
export function printErrorAnswer(status: number): object {
  const its = codes.filter((code) => errorTable[code].status === status);
  const list = its.map((code) => `\`${code}\``).join(', ');
  return {
    description: `${meanings[status] ?? 'The request failed'}. ${its.length === 1 ? 'Code' : 'Codes'}: ${list}.`,
    headers: correlationHeader,
    content: {
      'application/json': {
        schema: {
          $ref: `${componentPrefix}ErrorResponse`,
          properties: {
            statusCode: { const: status },
            errors: { items: { properties: { code: { enum: its } } } },
          },
        },
      },
    },
  };
}

export const correlationHeader = {
  'X-Correlation-ID': { $ref: '#/components/headers/CorrelationId' },
};

const meanings: Readonly<Record<number, string>> = {
  400: 'The request is refused',
  401: 'There is no access token, or none that is valid',
  403: 'The access token lacks the scope, or is of another project',
  404: 'It does not exist, or belongs to another project',
  409: 'It has changed since it was read, or the same request is still running',
  422: 'The `Idempotency-Key` belongs to another request',
  429: 'Too many requests; `Retry-After` says when to try again',
  500: 'A mistake of Berth; its log says more',
  503: 'The database of Berth cannot be reached; trying again later helps',
  502: 'Something that Berth needs does not answer; trying again later may help',
};
