/**
 * Who may import whom. Dependencies point the way calls go; each server owns its contract (sw/api.ts, daemon/wire/) and
 * its clients import only that. test/rules plants one violation of every rule.
 */
const ours = '^(web|sw|daemon)/';
const entries = [
  'web/main[.]tsx',
  'web/approve[.]ts',
  'web/quick/main[.]tsx',
  'web/lend/[^/]*worker[.]ts',
  'sw/main[.]ts',
  'daemon/io/main[.]ts',
  'daemon/io/hash-worker[.]ts',
  'daemon/host/main[.]ts',
  'daemon/host/away/thread[.]ts',
  'daemon/cli[.]ts',
  'daemon/link/main[.]ts',
];
const entry = `^(${entries.join('|')})$`;

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    rule('no-circular', 'Two files that need each other are one file, or three.', {}, { circular: true }),

    rule('wire-is-a-leaf', 'The daemon’s contract runs in any runtime.', { path: '^daemon/wire/' }, { pathNot: '^daemon/wire/' }),
    rule(
      'api-is-a-leaf',
      'The worker’s contracts are types and constants.',
      { path: '^sw/(api|media-types|view-model|lending|share|said)[.]ts$' },
      { pathNot: '^sw/(view-model|said)[.]ts$' },
    ),

    rule(
      'io-knows-wire-alone',
      'The io-daemon knows no torrent, so it may see nothing of ours but the contract.',
      { path: '^daemon/io/' },
      { path: '^(web|sw|test|daemon)/', pathNot: '^daemon/(io|wire)/' },
    ),
    rule(
      'io-seen-through-wire',
      'The io-daemon is a process of its own; host and CLI talk to it in frames and lines.',
      { path: '^daemon/(?!io/)' },
      { path: '^daemon/io/' },
    ),
    rule(
      'host-reaches-the-engine-by-its-door',
      'The host may run the engine as the worker does, by its contracts, and knows nothing else of the worker.',
      { path: '^daemon/(?!io/|wire/)' },
      {
        path: '^(web|sw|test)/',
        pathNot:
          '^sw/(engine/(index|ports)|runtime|standing|torrents|api|said|commands|relayed|view-model|adapters/(daemon-channel|daemon-link|platform))[.]ts$',
      },
    ),

    rule(
      'engine-is-pure',
      'No I/O, no platform, no package: time, bytes and chance come in, effects go out. What it says to people is a code of said.ts.',
      { path: '^sw/engine/', pathNot: '^sw/engine/(codec/|model/merkle[.]ts$)' },
      { pathNot: '^sw/(engine/|said[.]ts$)' },
    ),
    rule(
      'codec-is-pure',
      'Codecs may use the bencode decoder and synchronous hashes; so may hash trees, which are nothing but hashes.',
      { path: '^sw/engine/(codec/|model/merkle[.]ts$)' },
      { pathNot: '^(sw/engine/|node_modules/(bencode|@noble/hashes)/)' },
    ),
    rule(
      'model-below-codec',
      'The model is values: it knows nothing above it.',
      { path: '^sw/engine/model/' },
      { path: '^sw/engine/', pathNot: '^sw/engine/(model/|errors[.]ts$)' },
    ),
    rule(
      'codec-below-machines',
      'A codec turns bytes into values and back; it decides nothing.',
      { path: '^sw/engine/codec/' },
      { path: '^sw/engine/', pathNot: '^sw/engine/(model/|codec/|errors[.]ts$)' },
    ),
    rule(
      'session-on-top',
      'The session is the one loop; no machine below reaches up to it.',
      { path: '^sw/engine/', pathNot: '^sw/engine/index[.]ts$' },
      { path: '^sw/engine/(session|index)[.]ts$' },
    ),
    rule(
      'ports-only-in-session',
      'Machines return effects; only the session, its loop, its sockets and its ways to trackers act on the world.',
      {
        path: '^sw/engine/',
        pathNot:
          '^sw/engine/(session|loop|connections|doors|incoming|rtc-peers|datagrams|lsd-sockets|port-mapping|port-test|reading|trackers|index)[.]ts$',
      },
      { path: '^sw/engine/ports[.]ts$' },
    ),
    rule(
      'engine-has-one-door',
      'What is not exported from index.ts may change without asking; ports.ts and events.ts are the adapters’ side of it.',
      { path: ours, pathNot: '^sw/engine/' },
      { path: '^sw/engine/', pathNot: '^sw/engine/(index|ports|events)[.]ts$' },
    ),

    rule(
      'adapters-know-ports-and-wire',
      'An adapter joins a port to a contract.',
      { path: '^sw/adapters/' },
      { path: ours, pathNot: '^(sw/adapters/|sw/lending[.]ts$|sw/engine/(ports|events)[.]ts$|daemon/wire/)' },
    ),
    rule(
      'only-roots-pick-adapters',
      'Which adapters run is decided where the program is put together.',
      { path: ours, pathNot: '^(sw/(main|runtime|local-runtime)[.]ts$|sw/adapters/|daemon/host/away/)' },
      { path: '^sw/adapters/' },
    ),
    rule(
      'daemon-seen-through-wire',
      'The worker knows the daemon by its contract, and only its adapters speak it.',
      { path: '^sw/' },
      { path: '^daemon/', pathNot: '^daemon/wire/' },
    ),
    rule('wire-only-in-adapters', 'See daemon-seen-through-wire.', { path: '^sw/(?!adapters/)' }, { path: '^daemon/' }),
    rule(
      'web-sees-api-only',
      'The window shows what the worker tells it.',
      { path: '^web/' },
      { path: '^(sw|daemon)/', pathNot: '^sw/(api|media-types|view-model|lending|share|said)[.]ts$' },
    ),
    rule('nobody-imports-web', 'Nothing depends on how things look.', { path: '^(sw|daemon)/' }, { path: '^web/' }),
    rule(
      'views-on-top',
      'Views are drawn from the store; what they are drawn from knows no view.',
      { path: '^web/', pathNot: '^web/(views/|quick/|app[.]tsx$|main[.]tsx$)' },
      { path: '^web/(views/|app[.]tsx$|main[.]tsx$)' },
    ),
    rule(
      'views-use-store',
      'Views talk to the worker through the store.',
      { path: '^web/views/' },
      { path: '^web/(client|main|app)[.]tsx?$' },
    ),

    rule(
      'webtorrent-in-one-place',
      'Stock webtorrent runs where the engine cannot, in a page that nothing else of the app loads.',
      { path: ours, pathNot: '^web/quick/' },
      { path: '^web/quick/|node_modules/webtorrent/' },
    ),

    rule(
      'no-node-in-browser',
      'Node’s modules do not exist in a browser.',
      { path: '^(web|sw)/' },
      { dependencyTypes: ['core'] },
    ),
    rule(
      'sockets-in-one-place',
      'Every socket of the io-daemon passes the guard, so few files may open one.',
      { path: '^daemon/io/', pathNot: '^daemon/io/(tcp|server|http-client|guard)[.]ts$' },
      { path: '^(node:)?(net|http|https|http2|tls|dns)(/promises)?$', dependencyTypesNot: ['type-only'] },
    ),
    rule(
      'datagrams-in-one-place',
      'Every datagram passes the guard, so one file may send them.',
      { path: '^daemon/io/', pathNot: '^daemon/io/udp[.]ts$' },
      { path: '^(node:)?dgram$', dependencyTypesNot: ['type-only'] },
    ),
    rule(
      'host-dials-nobody',
      'The host answers on its own port, and asks nobody but the router; what reaches out is the io-daemon, behind its guard.',
      { path: '^daemon/(host/|cli/|link/|cli[.]ts$)', pathNot: '^daemon/host/portmap/(exchange|igd-search|network)[.]ts$' },
      { path: '^(node:)?(net|dgram|https|http2|tls|dns)(/promises)?$', dependencyTypesNot: ['type-only'] },
    ),
    rule(
      'disk-in-one-place',
      'Every path of the io-daemon is checked, so few files may open one.',
      { path: '^daemon/io/', pathNot: '^daemon/io/(files|paths|mounts|backing|hash-worker)[.]ts$' },
      { path: '^(node:)?fs(/promises)?$', dependencyTypesNot: ['type-only'] },
    ),
    rule(
      'no-processes-in-io',
      'The io-daemon starts nothing but the system’s own fallocate.',
      { path: '^daemon/io/', pathNot: '^daemon/io/allocate[.]ts$' },
      { path: '^(node:)?(child_process|cluster)$' },
    ),

    rule('no-test-in-source', 'What ships does not need its tests.', { path: ours }, { path: '^test/' }),
    rule(
      'no-dev-deps-in-source',
      'What runs must be installed without the tools.',
      { path: ours },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    ),
    rule(
      'no-unresolvable',
      'An import that leads nowhere; what the build makes up (bin/words.mjs) is there.',
      {},
      { couldNotResolve: true, pathNot: '^virtual:words$' },
    ),
    rule(
      'no-orphans',
      'A file that nothing imports and that imports nothing.',
      { path: ours, orphan: true, pathNot: `[.]d[.]ts$|${entry}` },
      {},
    ),
    rule(
      'no-dead-code',
      'A file that no entry reaches.',
      { path: entry },
      { path: ours, pathNot: `[.]d[.]ts$|${entry}`, reachable: false },
    ),
  ],
  options: {
    // `import type` is a dependency too: the rules are about knowing, not about loading.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|[.]cache|docs)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'browser', 'default'] },
  },
};
