/** Whether `npm run long` runs the tests. */
export const LONG = process.env.LATCHKEY_LONG === '1'
