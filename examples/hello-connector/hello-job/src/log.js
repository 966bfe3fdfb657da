/** One JSON object per line: Connect shows `severity` and keeps the other fields as details. */
export function log(severity, message, details = {}) {
  console.log(JSON.stringify({ severity, message, ...details }));
}
