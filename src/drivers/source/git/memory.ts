/** Answers that can never change, by what was asked. The oldest are forgotten first; failures are not kept. */
export function createMemory<T>(
  limit: number,
): (question: readonly string[], ask: () => Promise<T>) => Promise<T> {
  const answers = new Map<string, T>();
  return async (question, ask) => {
    const key = JSON.stringify(question);
    const known = answers.get(key);
    if (known !== undefined || answers.has(key)) return known as T;
    const answer = await ask();
    answers.set(key, answer);
    const [oldest] = answers.keys();
    if (answers.size > limit && oldest !== undefined) answers.delete(oldest);
    return answer;
  };
}
