import type { Show, Task } from './show.ts';
import { colourLook, showText } from './show-text.ts';

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 80;
const clearLine = '\r\u001b[2K';

/** For a terminal: finished steps stay, and below them one line says what goes on. */
export function showTerminal(stream: {
  write(text: string): unknown;
  readonly columns?: number;
}): Show {
  let text = '';
  let frame = 0;
  let timer: NodeJS.Timeout | undefined;

  const draw = (): void => {
    frame = (frame + 1) % frames.length;
    const width = Math.max(20, (stream.columns || 80) - 1);
    stream.write(`${clearLine}${colourLook.warn(frames[frame] ?? '')} ${text.slice(0, width - 2)}`);
  };
  const clear = (): void => {
    if (timer !== undefined) stream.write(clearLine);
  };
  const write = (lines: string): void => {
    clear();
    stream.write(lines);
    if (timer !== undefined) draw();
  };
  const underWay = (tasks: readonly Task[]): void => {
    text = describe(tasks);
    if (text === '') {
      clear();
      clearInterval(timer);
      timer = undefined;
      return;
    }
    timer ??= setInterval(draw, frameMs);
    draw();
  };
  const ended =
    <A extends readonly unknown[]>(tell: (...given: A) => void) =>
    (...given: A): void => {
      underWay([]);
      tell(...given);
    };
  const show = showText(colourLook, write, underWay);
  return {
    ...show,
    ready: ended(show.ready),
    failed: ended(show.failed),
    stopped: ended(show.stopped),
  };
}

/** `Building application: hello-service, hello-event` */
function describe(tasks: readonly Task[]): string {
  return [...Map.groupBy(tasks, ({ title }) => title)]
    .map(([title, same]) => {
      const names = same.flatMap(({ application }) => application ?? []);
      return names.length === 0 ? title : `${title}: ${names.join(', ')}`;
    })
    .join('; ');
}
