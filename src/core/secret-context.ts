/** What a secured value is sealed for: it opens for the same key of the same deployment only. */
export function secretContext(deploymentId: string, key: string): string {
  return `deployment/${deploymentId}/${key}`;
}

/** What the API client's secret is sealed as, and the name of its variable. */
export const apiClientSecretKey = 'CTP_CLIENT_SECRET';
