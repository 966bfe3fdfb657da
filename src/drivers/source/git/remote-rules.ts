/** A repository URL that this Berth takes, in the one form that git is given. */
export interface Remote {
  readonly protocol: 'https' | 'http' | 'ssh' | 'file';
  /** Never holds a password: a command line can be read by every user of the machine. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** What people are shown. */
  readonly shown: string;
  /** The credentials of the URL, as the value of an HTTP header. */
  readonly authorization?: string;
  /** Tells repositories apart. Differs with the credentials, so that nobody reads what others fetched with theirs. */
  readonly identity: string;
}

export interface RemoteRules {
  readonly allowLocal: boolean;
  /** `host`, `*.domain`, each with a port or without. Absent: every host. */
  readonly allowedHosts?: readonly string[];
  /** Hosts of this machine and of private networks. True by default. */
  readonly allowPrivate?: boolean;
}
