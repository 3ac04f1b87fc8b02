import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * The room table (docs/decisions/0001-rooms.md): which rooms a room of src/ may import.
 * Arrows point one way; what is not listed is refused.
 */
const ROOMS = {
  base: [],
  oci: ['base'],
  imageset: ['base', 'oci'],
  lock: ['base', 'oci'],
  plan: ['base', 'oci', 'imageset', 'lock', 'resources'],
  resources: ['base', 'oci', 'lock'],
  settings: ['base', 'oci'],
  registry: ['base', 'oci'],
  store: ['base', 'oci', 'registry'],
  mirror: ['base', 'oci', 'registry', 'store', 'lock'],
  layer: ['base', 'oci'],
  built: ['base', 'oci', 'store', 'layer'],
  web: ['base', 'registry'],
  catalog: ['base', 'oci', 'imageset', 'registry', 'store', 'layer', 'built'],
  release: ['base', 'oci', 'registry', 'store', 'layer', 'built', 'web'],
  resolve: ['base', 'oci', 'imageset', 'lock', 'registry', 'store', 'catalog', 'release'],
  git: ['base'],
  reconcile: [
    'base',
    'oci',
    'imageset',
    'lock',
    'plan',
    'resources',
    'settings',
    'registry',
    'store',
    'mirror',
    'built',
    'catalog',
    'release',
    'resolve',
    'git',
  ],
};

/** Rooms without I/O: no file system, network, process or Git library. */
const PURE = ['oci', 'imageset', 'lock', 'plan', 'resources'];
const IO_MODULES = [
  'node:fs',
  'node:fs/promises',
  'node:http',
  'node:https',
  'node:net',
  'node:tls',
  'node:child_process',
  'undici',
  'simple-git',
  'isomorphic-git',
];

const every = Object.keys(ROOMS);

function roomRules(room) {
  const refused = every.filter((other) => other !== room && !ROOMS[room].includes(other));
  const patterns = [...refused, 'cli'].map((other) => ({
    group: [`**/${other}/*.ts`, `**/${other}/**/*.ts`],
    message: `The room ${room} does not import ${other} (the room table, docs/decisions/0001-rooms.md).`,
  }));
  const paths = PURE.includes(room)
    ? IO_MODULES.map((name) => ({ name, message: `The room ${room} is pure: it does no I/O.` }))
    : [];
  return {
    files: [`src/${room}/**/*.ts`],
    ignores: ['**/*.test.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns, paths }] },
  };
}

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.config/eslint.config.js', 'src/imageset.js'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: `${import.meta.dirname}/..` },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        {
          selector: "MemberExpression[object.name='process'][property.name='env']",
          message: 'Only src/main.ts reads process.env; pass what you need.',
        },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      // `const { left, ...rest } = value` is how a field is left out.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  ...every.map(roomRules),
  {
    files: ['src/cli/**/*.ts', 'bench/**/*.ts', 'test/demo/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['src/main.ts', 'test/**/*.ts', 'bench/**/*.ts', '.config/*.ts', '**/*.test.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    // node:test returns promises that the runner itself awaits.
    files: ['test/smoke/**/*.ts'],
    rules: { '@typescript-eslint/no-floating-promises': 'off' },
  },
);
