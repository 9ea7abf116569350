import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from '../run-program.js'
import type { Consumer } from './consumer.js'

/** A way in which TypeScript finds and reads modules. */
export interface Mode {
  readonly name: string
  /** The endings of the files that are compiled, which may decide what kind of module they are. */
  readonly endings: readonly ('ts' | 'mts' | 'cts')[]
  readonly flags: readonly string[]
  /** Whether what it emits is run too: what a bundler would finish is not. */
  readonly runs: boolean
}

export const NODE16: Mode = {
  name: 'node16, both kinds',
  endings: ['mts', 'cts'],
  flags: ['--module', 'node16'],
  runs: true,
}

export const NODENEXT: Mode = {
  name: 'nodenext, both kinds',
  endings: ['mts', 'cts'],
  flags: ['--module', 'nodenext'],
  runs: true,
}

export const BUNDLER: Mode = {
  name: 'bundler',
  endings: ['ts'],
  flags: ['--module', 'esnext', '--moduleResolution', 'bundler'],
  runs: false,
}

/** TypeScript 6 refuses it unless told otherwise, and 7 has it no more. */
export const NODE10: Mode = {
  name: 'commonjs (node10)',
  endings: ['ts'],
  flags: ['--module', 'commonjs', '--moduleResolution', 'node10'],
  runs: true,
}

const STRICT = [
  ...['--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false', '--esModuleInterop', 'true'],
  ...['--target', 'es2022', '--lib', 'es2022', '--types', 'node', '--pretty', 'false'],
]

/**
 * Compiles `typed.ts` of a consumer, and the declarations of all packages, with the compiler `tsc`, a path, and runs
 * the outcome. Throws what is wrong. Declarations of others may clash with each other: only ours and the file itself
 * are judged.
 */
export async function compileTyped(consumer: Consumer, tsc: string, label: string, mode: Mode): Promise<void> {
  const folder = join(consumer.folder, 'typed', `${label} ${mode.name}`.replace(/\W+/g, '-'))
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{ "private": true }')
  const files = mode.endings.map((ending) => `typed.${ending}`)
  for (const file of files) await copyFile(join(consumer.folder, 'typed.ts'), join(folder, file))
  const imports = consumer.packages.map(({ manifest }, i) => `import type * as p${i} from '${manifest.name}'`)
  const every = mode.endings.map((ending) => `every.${ending}`)
  for (const file of every) await writeFile(join(folder, file), [...imports, 'export {}'].join('\n'))
  const { stdout, stderr } = await runProgram(
    process.execPath,
    [tsc, ...STRICT, ...mode.flags, ...files, ...every],
    folder,
  )
  const errors = stdout.split('\n').filter((line) => line.includes('error TS') && !isOfOthers(line))
  if (errors.length > 0 || stderr !== '') throw new Error([...errors, stderr].join('\n'))
  if (!mode.runs) return
  for (const file of files) {
    const printed = await runProgram(process.execPath, [file.replace(/ts$/, 'js')], folder)
    if (printed.stdout !== 'ok\n') throw new Error(`${file} printed ${printed.stdout}${printed.stderr}`)
  }
}

function isOfOthers(line: string): boolean {
  return /node_modules\/(?!@latchkey\/)/.test(line)
}
