/** The address of the repository in the root package.json, which `npm run manifests` writes here. */
export const REPOSITORY = 'https://github.com/OWNER/latchkey'
