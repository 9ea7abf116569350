import { expect, test } from 'vitest'
import type { Finding } from '../src/doctor/finding.js'
import { serverFindings } from '../src/doctor/server.js'

async function all(findings: AsyncIterable<Finding> | Iterable<Finding>): Promise<string[]> {
  const texts: string[] = []
  for await (const { level, text } of findings) texts.push(`${level}: ${text}`)
  return texts
}

test('a clock that differs', async () => {
  const server = { version: async () => 'Redis 7', isReplica: async () => false, time: async () => 60_000 }
  expect(await all(serverFindings(server, () => 61_000))).toEqual(['ok: The server is Redis 7.'])
  expect(await all(serverFindings(server, () => 0))).toEqual([
    'ok: The server is Redis 7.',
    'notice: The clock of the server differs by 60000 ms from the one here.',
  ])
})
