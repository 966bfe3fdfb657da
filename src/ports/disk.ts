/** The file systems that Berth writes to. */
export interface Disk {
  /** Of the one with the least free. Bytes; free is what this user may still write. */
  space(): Promise<DiskSpace>;
}

export interface DiskSpace {
  /** Where that is: a folder on it. */
  readonly folder: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Whether there is room on the disk for new work. What runs is never asked. */
export interface Room {
  /** @throws DiskFull below the floor */
  require(): Promise<void>;
}
