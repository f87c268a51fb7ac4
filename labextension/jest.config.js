module.exports = {
  testEnvironment: 'node',
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  testMatch: ['<rootDir>/tests/**/*.spec.ts'],
  transform: {
    '^.+\\.ts$': ['ts-jest', { tsconfig: 'tests/tsconfig.json' }],
    '^.+\\.js$': ['ts-jest', { tsconfig: 'tests/tsconfig.json', isolatedModules: true }]
  },
  // Written as modules, which node takes and jest does not.
  transformIgnorePatterns: ['node_modules/(?!(@jupyter/ydoc|@jupyterlab/[a-z]+|lib0|y-protocols)/)']
};
