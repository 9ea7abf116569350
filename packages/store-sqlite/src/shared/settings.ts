/** What the worker is started with. The public types lead here, so it has nothing that TypeScript 5.4 cannot read. */
export interface WorkerSettings {
  path: string
  /** How long a call waits for another process's lock, in ms. */
  busyTimeout: number
  durability: 'full' | 'normal'
  /** Whether a missing file may be created. */
  create: boolean
  /** The identity that the file must have. Absent: any. */
  identity?: string
  checkIntegrity: boolean
}
