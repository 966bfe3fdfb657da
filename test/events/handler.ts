import { createRandom } from '../chaos/random.ts';

/** What becomes of a message where it is handled, which its data says. */
export type Fate = 'fine' | 'fails-once' | 'hangs-once' | 'crashes-once' | 'always-fails';

/** Of a hundred: 20 fail, 2 of them for ever; 5 are not answered in time; 1 kills the process that handles it. */
const shares: readonly (readonly [Fate, number])[] = [
  ['always-fails', 0.02],
  ['fails-once', 0.18],
  ['hangs-once', 0.05],
  ['crashes-once', 0.01],
];

/** The same seed brings the same fates. */
export function chooseFates(count: number, seed: number): readonly Fate[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => {
    let left = random();
    for (const [fate, share] of shares) {
      if (left < share) return fate;
      left -= share;
    }
    return 'fine';
  });
}

export function printMessage(number: number, fate: Fate): string {
  return btoa(`${number} ${fate}`);
}

export function numberOf(data: string): number {
  return Number(atob(data).split(' ')[0]);
}

/** One acknowledgement or refusal, as the application has noted it down before it answered. */
export interface Handled {
  readonly number: number;
  readonly acknowledged: boolean;
}

export function parseHandled(text: string): readonly Handled[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [number, outcome] = line.split(' ');
      return { number: Number(number), acknowledged: outcome === 'acknowledged' };
    });
}

/**
 * An event application of two processes, so that one goes on where the other dies. What it has handled it notes down outside of
 * itself, in the folder NOTES, and there it sees whether a message comes for the first time.
 */
export const handlerProgram = `
const cluster = require('node:cluster');
const fs = require('node:fs');
const http = require('node:http');

const notes = process.env.NOTES;
const note = (number, outcome) => fs.appendFileSync(notes + '/handled', number + ' ' + outcome + '\\n');
const isFirst = (number) => {
  try {
    fs.closeSync(fs.openSync(notes + '/' + number, 'wx'));
    return true;
  } catch {
    return false;
  }
};

function handle(number, fate, response) {
  const answer = (status, outcome) => {
    note(number, outcome);
    response.writeHead(status).end();
  };
  if (fate === 'always-fails') return answer(500, 'refused');
  if (fate === 'fine' || !isFirst(number)) return answer(204, 'acknowledged');
  if (fate === 'fails-once') return answer(500, 'refused');
  if (fate === 'hangs-once') return setTimeout(answer, 11000, 500, 'refused');
  note(number, 'crashed');
  process.exit(7);
}

if (cluster.isPrimary) {
  for (let number = 0; number < 2; number++) cluster.fork();
  cluster.on('exit', () => cluster.fork());
  process.once('SIGTERM', () => process.exit(0));
} else {
  http.createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method !== 'POST') return response.writeHead(405).end();
      const { message } = JSON.parse(Buffer.concat(chunks).toString());
      const [number, fate] = Buffer.from(message.data, 'base64').toString().split(' ');
      handle(number, fate, response);
    });
  }).listen(8080);
}
`;
