import { elapsedMs, noteBeginnings, type Show, type Task } from './show.ts';

/** One JSON object per line: steps as they begin and end, and a last one with the URLs or the failure. */
export function showJson(write: (text: string) => void): Show {
  const beginnings = noteBeginnings();
  const line = (value: object): void => write(`${JSON.stringify(value)}\n`);
  return {
    underWay(tasks) {
      for (const task of beginnings(tasks))
        line({ step: task.title, state: 'started', ...about(task), elapsedMs: elapsedMs() });
    },
    step({ title, type = 'Information', message, at, ...task }) {
      line({
        step: title,
        state: 'done',
        type,
        ...about({ title, ...task }),
        ...(message === undefined ? {} : { message }),
        elapsedMs: elapsedMs(at),
      });
    },
    ready: ({ ending: _, ...result }) => line({ ready: true, ...result }),
    failed: ({ message, nextStep }) => line({ ready: false, error: message, nextStep }),
    stopping: () => {},
    stopped: () => {},
  };
}

function about({ application }: Task): { application?: string } {
  return application === undefined ? {} : { application };
}
