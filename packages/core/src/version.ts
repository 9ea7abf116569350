/** The version in package.json, which `npm run manifests` writes here. */
export const VERSION = '0.0.0'
