/** Google Pub/Sub, or what speaks like it, as somebody else uses it: commercetools that publishes, an operator that cleans up. */
export function pubsubOutside(endpoint: string, project: string) {
  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${endpoint}/v1/projects/${project}/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  return {
    ask,
    async publish(topic: string, messages: readonly object[]): Promise<readonly string[]> {
      const { status, body } = await ask('POST', `topics/${topic}:publish`, { messages });
      if (status !== 200) throw new Error(`Nothing was published: ${JSON.stringify(body)}`);
      return body.messageIds;
    },
    /** Its receiver says that it could not take it: it comes again at once. */
    async refuse(topic: string, ackIds: readonly string[]): Promise<void> {
      await ask('POST', `subscriptions/${topic}:modifyAckDeadline`, {
        ackIds,
        ackDeadlineSeconds: 0,
      });
    },
  };
}
