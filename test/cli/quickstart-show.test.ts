import { describe, expect, test } from 'vitest';
import { showJson } from '../../src/cli/quickstart/show-json.ts';
import { showTerminal } from '../../src/cli/quickstart/show-terminal.ts';
import { plainLook, showText } from '../../src/cli/quickstart/show-text.ts';

function collect() {
  const written: string[] = [];
  return { write: (text: string) => void written.push(text), text: () => written.join('') };
}

describe('what the quickstart shows', () => {
  test('a pipe gets one line for each beginning and each end, without colours', () => {
    const out = collect();
    const show = showText(plainLook, out.write);

    show.underWay([{ title: 'Deploying' }]);
    show.underWay([{ title: 'Deploying' }, { title: 'Building', application: 'one' }]);
    show.step({ title: 'Built', application: 'one', message: 'In 1 s.' });
    show.underWay([{ title: 'Deploying' }]);

    const lines = out.text().trimEnd().split('\n');
    expect(lines.map((line) => line.slice(9))).toEqual([
      ' … Deploying',
      ' … one: Building',
      ' ✓ one: Built. In 1 s.',
    ]);
  });

  test('a terminal gets one line that is written again and again, below the steps', () => {
    const out = collect();
    const show = showTerminal({ write: out.write, columns: 40 });

    show.underWay([
      { title: 'Building', application: 'one' },
      { title: 'Building', application: 'two' },
    ]);
    show.step({ title: 'Built', application: 'one' });
    show.failed({ message: 'It broke.', nextStep: 'Mend it.' });

    const lines = out.text().split('\n');
    expect(lines[0]).toContain('Building: one, two\r\u001b[2K');
    expect(lines[0]).toMatch(/Built$/);
    expect(lines[1]?.endsWith('\r\u001b[2K')).toBe(true);
    expect(lines.slice(2)).toEqual([expect.stringContaining('It broke.'), '  Mend it.', '']);
  });

  test('JSON has one object per line, and the failure is the last one', () => {
    const out = collect();
    const show = showJson(out.write);

    show.underWay([{ title: 'Deploying' }]);
    show.step({ title: 'Script failed', application: 'one', type: 'Warning', message: 'a\nb' });
    show.failed({ message: 'It broke.' });

    const objects = out
      .text()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(objects).toEqual([
      { step: 'Deploying', state: 'started', elapsedMs: expect.any(Number) },
      {
        step: 'Script failed',
        state: 'done',
        type: 'Warning',
        application: 'one',
        message: 'a\nb',
        elapsedMs: expect.any(Number),
      },
      { ready: false, error: 'It broke.' },
    ]);
  });
});
