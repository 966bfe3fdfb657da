import type { FastifyRequest } from 'fastify';
import { reject } from '../../core/errors.ts';

export function readJson(request: FastifyRequest): unknown {
  if (typeof request.body !== 'string')
    reject('InvalidJsonInput', { detail: 'A JSON body is required' });
  try {
    return JSON.parse(request.body);
  } catch (error) {
    return reject('InvalidJsonInput', {
      detail: error instanceof Error ? error.message : 'Not JSON',
    });
  }
}
