/** One command that tests or comparisons run, and how Debian calls what brings it. */
export interface NeededCommand {
  /** Debian packages, recommended ones left out. */
  readonly packages: readonly string[];
  /** Where it is missing, what of ours can't be done. */
  readonly whatFor: string;
}

/** By command. A row here is all that it takes: the installer and the tests' `needs` know it from here. */
export const NEEDS = {
  nginx: { packages: ['nginx'], whatFor: 'a web server whose memory per connection is known' },
  'redis-server': { packages: ['redis-server'], whatFor: 'a database whose memory per client is known' },
  mosquitto: { packages: ['mosquitto'], whatFor: 'a message broker that is measured' },
  gcc: { packages: ['gcc', 'libc6-dev'], whatFor: 'compiles targets that hold known amounts' },
  go: { packages: ['golang-go'], whatFor: 'builds targets in Go' },
  javac: { packages: ['default-jdk-headless'], whatFor: 'builds targets in Java' },
  mvn: { packages: ['maven'], whatFor: 'gets what targets in Java are built with' },
  npm: { packages: ['npm'], whatFor: 'gets what targets in Node.js are built with' },
  // Ruby and the framework have no command of their own that shows whether they are here.
  puma: { packages: ['puma', 'ruby-actioncable'], whatFor: 'a web server with Action Cable of Rails' },
  pip3: { packages: ['python3-pip'], whatFor: 'gets what targets in Python are built with' },
  python3: { packages: ['python3'], whatFor: 'runs a target in another language' },
  prometheus: { packages: ['prometheus'], whatFor: 'scrapes our metrics' },
  promtool: { packages: ['prometheus'], whatFor: 'checks our metrics and rules' },
  chromium: { packages: ['chromium'], whatFor: 'looks at our pages' },
  openssl: { packages: ['openssl'], whatFor: 'makes keys and certificates of every kind' },
  dot: { packages: ['graphviz'], whatFor: 'lays out the picture of the rooms' },
  ip: { packages: ['iproute2'], whatFor: 'joins hosts of a test by a network of their own' },
  faketime: { packages: ['faketime'], whatFor: 'has clocks go wrong' },
  tsung: { packages: ['tsung'], whatFor: 'a load generator to compare with' },
} as const satisfies Record<string, NeededCommand>;

export type NeedName = keyof typeof NEEDS;

/** One line that installs them, to be pasted. */
export const installLine = (names: readonly NeedName[]): string =>
  `sudo apt-get install -y --no-install-recommends ${packagesOf(names).join(' ')}`;

/** Each package once, in the order of the table's rows. */
export const packagesOf = (names: readonly NeedName[]): string[] => [
  ...new Set(names.flatMap((name) => NEEDS[name].packages)),
];
