import tseslint from 'typescript-eslint';

export default tseslint.config(...tseslint.configs.recommendedTypeChecked, {
  languageOptions: {
    parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname }
  },
  rules: {
    // Lumino's signals are given the method and the object it belongs to.
    '@typescript-eslint/unbound-method': 'off'
  }
});
