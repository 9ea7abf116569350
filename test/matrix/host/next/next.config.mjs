export default {
  // argon2id(), the default hasher, loads a native module from where the package stands.
  serverExternalPackages: ['@latchkey/core'],
}
