// Dependencies point one way: cli → client, server, live → config → report → charts → fleet, lab, telemetry, memory → certificates → files → core.
const rooms = {
  core: [],
  files: ['core'],
  certificates: ['files', 'core'],
  memory: ['core'],
  telemetry: ['certificates', 'core'],
  // A comparison of targets looks at goroutines from outside.
  lab: ['memory', 'certificates', 'files', 'core'],
  // What holds connections knows nothing of measuring.
  fleet: ['core'],
  // Options of all commands, read into configs and plans.
  config: ['fleet', 'lab', 'memory', 'telemetry', 'certificates', 'files', 'core'],
  client: ['config', 'fleet', 'lab', 'memory', 'telemetry', 'certificates', 'files', 'core'],
  server: ['memory', 'telemetry', 'certificates', 'core'],
  report: ['charts', 'files', 'core'],
  dashboards: ['core'],
  charts: ['core'],
  live: ['report', 'charts', 'telemetry', 'memory', 'files', 'core'],
};

const rooted = (names) => names.map((name) => `^${name}/`);

module.exports = {
  forbidden: [
    ...Object.entries(rooms).map(([room, allowed]) => ({
      name: `${room}-imports-only-what-lies-below`,
      severity: 'error',
      // A test may drive its room through real processes and servers, from whatever room they are.
      from: { path: `^${room}/`, pathNot: '\\.test\\.ts$' },
      to: { pathNot: [...rooted([room, ...allowed]), 'node_modules'], dependencyTypesNot: ['core'] },
    })),
    {
      name: 'core-has-no-io',
      severity: 'error',
      from: { path: '^core/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'core-knows-no-library-but-zod',
      severity: 'error',
      from: { path: '^core/', pathNot: '\\.test\\.ts$' },
      to: { path: 'node_modules', pathNot: 'node_modules/zod/' },
    },
    {
      name: 'the-page-runs-in-a-browser',
      severity: 'error',
      from: { path: '^live/page/' },
      to: { pathNot: '^(live/page/|live/view\\.ts$|charts/|core/)' },
    },
    {
      name: 'echarts-has-one-door',
      severity: 'error',
      from: { pathNot: '^charts/echarts\\.ts$' },
      to: { path: 'node_modules/(echarts|zrender)/' },
    },
    {
      name: 'nothing-imports-the-cli',
      severity: 'error',
      from: { pathNot: '^(cli|test|scripts)/' },
      to: { path: '^cli/' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-tests-in-code',
      severity: 'error',
      // Benches of a fleet have hosts of their own, as its tests do.
      from: { pathNot: '(\\.test\\.ts$|^test/|^scripts/bench/)' },
      to: { path: '(\\.test\\.ts$|^test/)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
