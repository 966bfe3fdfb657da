import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export const lineCount = 500_000;

/** Plain and JSON, 120 to 300 bytes each, as services print them. */
export async function writeLines(file: string): Promise<void> {
  await pipeline(Readable.from(blocks()), createWriteStream(file));
}

function* blocks(): Generator<string> {
  const perBlock = 1000;
  for (let from = 0; from < lineCount; from += perBlock) {
    const lines = Array.from({ length: perBlock }, (_, index) => lineAt(from + index));
    yield `${lines.join('\n')}\n`;
  }
}

function lineAt(number: number): string {
  const padding = 'abcdefghij '.repeat(16).slice(0, (number * 37) % 150);
  const time = new Date(1_764_300_000_000 + number).toISOString();
  const order = `order-${number} of customer ${(number * 7919) % 100_003}`;
  switch (number % 4) {
    case 0:
      return `${time} info: processed ${order} in ${number % 500} ms, cart total ${number % 9999} EUR; next page is asked for ${padding}`;
    case 1:
      return `[${time}] GET /products/${number}/projection?expand=productType&staged=false 200 ${number % 900}ms "connect-service/1.0" ${padding}`;
    case 2:
      return JSON.stringify({
        level: number % 400 === 2 ? 50 : 30,
        time: 1_764_300_000_000 + number,
        pid: 17,
        hostname: 'app',
        msg: `synchronised ${order}`,
        durationMs: number % 500,
        note: padding,
      });
    default:
      return JSON.stringify({
        severity: number % 400 === 3 ? 'ERROR' : 'INFO',
        timestamp: time,
        message: `message ${number} was acknowledged`,
        context: { order, attempt: 1, tags: ['import', 'batch'], note: padding },
      });
  }
}
