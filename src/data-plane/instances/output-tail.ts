/** The end of what an application has printed, in case somebody has to be told. */
export interface OutputTail {
  /** Forgets what was. `clean` takes out what must not be told, before anything is cut. */
  begin(clean: (text: string) => string): void;
  add(lines: string): void;
  text(): string;
}

const keptCharacters = 16 * 1024;

/** Next to no work for each line: most output is never told. */
export function keepOutputTail(): OutputTail {
  let texts: string[] = [];
  let characters = 0;
  let clean = (text: string): string => text;
  return {
    begin(by) {
      texts = [];
      characters = 0;
      clean = by;
    },
    add(lines) {
      const end = lastWhole(lines);
      texts.push(end);
      characters += end.length;
      while (characters - (texts[0]?.length ?? 0) > keptCharacters)
        characters -= texts.shift()?.length ?? 0;
    },
    text: () => clean(texts.join('\n')),
  };
}

/** The last lines of it, whole: of a secret in a line that is cut only a part would be there, which nobody finds. */
function lastWhole(lines: string): string {
  if (lines.length <= keptCharacters) return lines;
  return lines.slice(lines.indexOf('\n', lines.length - keptCharacters) + 1);
}
