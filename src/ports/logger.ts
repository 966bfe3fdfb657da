/** What Berth says about itself. `details` names the thing: a deployment, an application, a port. */
export interface Logger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}
