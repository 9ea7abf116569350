import { mustRun } from '../run-program.js'

/** Whether publint finds nothing in a tarball. `tools`: the folder whose `node_modules` has it. */
export async function passesPublint(tools: string, name: string, tarball: string): Promise<void> {
  const printed = await mustRun(
    process.execPath,
    [`${tools}/node_modules/publint/src/cli.js`, 'run', tarball, '--strict'],
    tools,
  )
  if (!printed.includes('All good!')) throw new Error(`${name}: ${printed}`)
}

/** Whether attw finds nothing in a tarball, in any of its columns: node10, node16 of both kinds, and bundler. */
export async function passesAttw(tools: string, name: string, tarball: string): Promise<void> {
  const script = `${tools}/node_modules/@arethetypeswrong/cli/dist/index.js`
  const printed = await mustRun(process.execPath, [script, tarball, '--no-color', '--no-emoji'], tools)
  if (!printed.includes(name)) throw new Error(`${name}: ${printed}`)
}
