declare const scenario: (modules: object) => Promise<void>
export = scenario
