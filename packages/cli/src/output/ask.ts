import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { CommandError, misused } from '../failures.js'

/** Asks before what cannot be undone. Throws unless the answer is yes, or `--yes` was given. */
export async function confirm(what: string, isSure: boolean | undefined): Promise<void> {
  if (isSure === true) return
  if (!process.stdin.isTTY) throw misused(`${what}\nThis cannot be undone. Say --yes, since nobody can be asked here.`)
  const answer = await ask(`${what}\nThis cannot be undone. Go on? [y/N] `, true)
  if (!/^y(?:es)?$/i.test(answer.trim())) throw new CommandError('Nothing was changed.')
}

/** A token from stdin: the first line of a file or a pipe, or what is typed, which is not shown. */
export async function readToken(): Promise<string> {
  const text = process.stdin.isTTY ? await ask('Token: ', false) : await firstLine()
  if (text.trim() === '') throw misused('No token came on stdin.')
  return text.trim()
}

async function firstLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line
  return ''
}

function ask(question: string, isShown: boolean): Promise<string> {
  process.stderr.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: isShown ? process.stderr : silent, terminal: true })
  return new Promise((resolve, reject) => {
    terminal.once('line', resolve)
    terminal.once('SIGINT', () => reject(new CommandError('Interrupted.')))
    terminal.once('close', () => reject(new CommandError('Nothing was changed.')))
  }).finally(() => {
    terminal.close()
    if (!isShown) process.stderr.write('\n')
  }) as Promise<string>
}
