import { spawn } from 'node:child_process'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** A failure that is told in one sentence. */
export class Failure extends Error {
  constructor(message, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

/** Progress goes to stderr: stdout belongs to what is run. */
export function say(sentence) {
  process.stderr.write(`latchkey: ${sentence}\n`)
}

/**
 * Says what a step does, runs it in the root folder and waits for its end. Its output goes to stderr, unless `stdout`
 * is 'inherit'. SIGINT and SIGTERM are passed on, and end this process too once the step has ended.
 * Throws a `Failure` with `onFailure`, or one that names the step, if it does not exit with 0.
 */
export async function step(title, command, args, { stdout = 'stderr', env = process.env, onFailure } = {}) {
  say(title)
  const { code, signal } = await runChild(command, args, env, stdout === 'inherit' ? 1 : 2).catch((error) => {
    if (error.code === 'ENOENT')
      throw new Failure(`This step failed: ${title}. The program "${command}" was not found.`)
    throw error
  })
  if (signal !== null) process.kill(process.pid, signal)
  if (code !== 0) throw new Failure(onFailure ?? `This step failed: ${title}.`, code ?? 1)
}

/** A step that runs the script of an installed package by this very Node. */
export function nodeStep(title, script, args, options) {
  return step(title, process.execPath, [script, ...args], options)
}

function runChild(command, args, env, stdout) {
  return new Promise((resolve, reject) => {
    // npx is a .cmd file on Windows, which only a shell can start; no argument of ours needs quoting.
    const shell = process.platform === 'win32' && command === 'npx'
    const child = spawn(command, args, { cwd: root, env, shell, stdio: ['inherit', stdout, 'inherit'] })
    const signals = ['SIGINT', 'SIGTERM']
    let received = null
    const passOn = (signal) => {
      received = signal
      child.kill(signal)
    }
    const settle = () => {
      for (const signal of signals) process.off(signal, passOn)
    }
    for (const signal of signals) process.on(signal, passOn)
    child.once('error', (error) => {
      settle()
      reject(error)
    })
    child.once('close', (code) => {
      settle()
      resolve({ code, signal: received })
    })
  })
}
