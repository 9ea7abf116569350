import { type ChildProcess, spawn } from 'node:child_process'

/**
 * Ends a server with the signal, and removes its folder, when this process is gone, however it ended: its end of the
 * watchdog's input is closed then. In a group of its own, so that a signal to this process and its children does not end
 * the watchdog first.
 */
export function endWithThisProcess(server: ChildProcess, signal: 'KILL' | 'QUIT', folder: string): void {
  if (server.pid === undefined) return
  const script = 'read -r line; kill -CONT "$1"; kill -"$2" "$1"; while kill -0 "$1"; do sleep 0.1; done; rm -rf "$3"'
  const watchdog = spawn('/bin/sh', ['-c', script, 'sh', String(server.pid), signal, folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  watchdog.unref()
  // Its pid may be somebody else's soon.
  server.once('exit', () => watchdog.kill('SIGKILL'))
}
