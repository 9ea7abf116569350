import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('every guarantee of SECURITY.md points at a test that is there, and no threat is without one', () => {
  const read = (file: string) => readFileSync(join(import.meta.dirname, file), 'utf8')
  const rows = [...read('../SECURITY.md').matchAll(/^\| .+ \| `([a-z]+\.test\.ts)` +\| (.+?) +\|$/gm)]
  const missing = rows.filter(([, file, name]) => {
    const text = read(`threats/${file}`)
    return !text.includes(`('${name}`) && !text.includes(`("${name}`)
  })
  expect(missing.map(([row]) => row)).toEqual([])
  const numbers = new Set(rows.map(([, , name]) => Number.parseInt(name ?? '', 10)))
  expect([...numbers].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 22 }, (_, i) => i + 1))
})
