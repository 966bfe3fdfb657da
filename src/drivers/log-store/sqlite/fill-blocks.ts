import { type Block, blockLimits, type Part } from './block.ts';

/** Fills blocks of one application. `full` gets each as soon as nothing more fits. */
export function fillBlocks(
  origin: Pick<Block, 'deploymentId' | 'applicationName'>,
  full: (block: Block) => void,
) {
  let parts: string[] = [];
  let count = 0;
  let characters = 0;
  let firstAt = 0;
  let lastAt = 0;
  let severities = 0;
  const close = (): void => {
    if (parts.length === 0) return;
    full({ ...origin, firstAt, lastAt, severities, count, entries: parts });
    parts = [];
    count = 0;
    characters = 0;
    severities = 0;
  };
  return {
    add(part: Part): void {
      const { timestamp, head, text } = part;
      const [earliest, latest] =
        parts.length === 0
          ? [timestamp, timestamp]
          : [Math.min(firstAt, timestamp), Math.max(lastAt, timestamp)];
      const isFull =
        count + part.count > blockLimits.entries ||
        characters + text.length > blockLimits.characters ||
        latest - earliest > blockLimits.spanMs;
      if (isFull) close();
      firstAt = parts.length === 0 ? timestamp : earliest;
      lastAt = parts.length === 0 ? timestamp : latest;
      severities |= part.severities;
      count += part.count;
      characters += text.length;
      if (head !== undefined) parts.push(head);
      parts.push(text);
    },
    close,
  };
}
