/** Too much of something, and what is no frame. */
import type { Guarded } from './guard.ts';

const FLOOD = 'test/daemon/flood.test.ts';
const STALLS = 'test/daemon/stalls.test.ts';
const IO_DOOR = 'test/daemon/door.test.ts';

const connects = {
  file: FLOOD,
  title: 'connects that a client asks for wait up to a cap, the rest is refused, and a download goes on',
};
const comers = { file: FLOOD, title: 'peers that come to a listener are taken in up to a cap, and those that left make room' };
const HOST = 'test/host/flood.test.ts';
const BOUNDS = 'test/daemon/limits.test.ts';
const endless = { file: FLOOD, title: 'and sends %s without end is closed' };

export const FLOODS: readonly Guarded[] = [
  {
    row: 18,
    name: 'connects that may wait',
    file: 'daemon/io/tcp.ts',
    text: 'this.#queue.length >= CONNECT_QUEUE',
    instead: 'false',
    tests: [
      connects,
      {
        file: 'test/daemon/tcp.test.ts',
        title: 'lets a thousand connects wait, refuses the rest, and calls off those that are closed',
      },
    ],
  },
  {
    row: 18,
    name: 'connections that we make',
    file: 'daemon/io/tcp.ts',
    text: 'if (this.count >= LIMITS.sockets) this.#failed(',
    instead: 'if (this.count > 1e6) this.#failed(',
    tests: [comers],
  },
  {
    row: 18,
    name: 'connections that come to us',
    file: 'daemon/io/tcp.ts',
    text: 'this.#isClosed || this.count >= LIMITS.sockets',
    instead: 'this.#isClosed',
    tests: [comers],
  },
  {
    row: 18,
    name: 'strangers at the door at once',
    file: 'daemon/io/server.ts',
    text: '    this.#http.maxConnections = CONNECTIONS;\n',
    instead: '',
    tests: [{ file: FLOOD, title: 'strangers at the door hold few places, and none for long; who is inside does not notice' }],
  },
  {
    row: 18,
    name: 'strangers who say nothing',
    file: 'daemon/io/server.ts',
    text: 'headersTimeout: 5_000',
    instead: 'headersTimeout: 0',
    tests: [
      { file: FLOOD, title: 'strangers at the door hold few places, and none for long; who is inside does not notice' },
      { file: IO_DOOR, title: 'lets no stranger hold a place, by half an ending or half a request' },
    ],
  },
  {
    row: 35,
    name: 'who keeps memory that others wait for',
    file: 'daemon/io/read-budget.ts',
    text: '    this.#stalls.watch();\n',
    instead: '',
    tests: [
      { file: STALLS, title: 'who never reads gives way to those who wait, a slow reader does not, and all is given back' },
    ],
  },
  {
    row: 35,
    name: 'who takes a byte now and again',
    file: 'daemon/io/stalls.ts',
    text: 'taken - before.taken < STALL_BYTES',
    instead: 'taken <= before.taken',
    tests: [
      {
        file: STALLS,
        title: 'nobody who takes a little, who is held up by its own limits, or who has what it alone waits for',
      },
    ],
  },
  {
    row: 35,
    name: 'who takes a part of what the system was given at once',
    file: 'daemon/io/channel.ts',
    text: 'if (bytesWritten !== undefined && writeQueueSize !== undefined) return bytesWritten - writeQueueSize;',
    instead: '',
    tests: [{ file: STALLS, title: 'is told over TCP while the system has a part alone of what it was given at once' }],
  },
  {
    row: 18,
    name: 'connections to the host',
    file: 'daemon/host/http/http.ts',
    text: '  server.maxConnections = MAX_CONNECTIONS;\n',
    instead: '',
    tests: [
      {
        file: HOST,
        title: 'strangers hold 256 places and no more, who is inside does not notice, and those who leave make room',
      },
    ],
  },
  {
    row: 18,
    name: 'connections of /control',
    file: 'daemon/host/control/control.ts',
    text: 'this.connections.size >= MAX_CONNECTIONS',
    instead: 'this.connections.size < 0',
    tests: [{ file: HOST, title: '/control has 16 connections, let in or not, and a place is free again with the end of one' }],
  },
  {
    row: 33,
    name: 'requests at work',
    file: 'daemon/io/client.ts',
    text: 'this.#tasks > TASKS',
    instead: 'this.#tasks < 0',
    tests: [{ file: BOUNDS, title: 'ends where more is asked for at once than can be worked on' }],
  },
  {
    row: 33,
    name: 'the longest message of /control',
    file: 'daemon/host/control/control.ts',
    text: 'maxPayload: MAX_MESSAGE',
    instead: 'maxPayload: 0',
    tests: [{ file: HOST, title: '/control takes no message longer than two records' }],
  },
  {
    row: 33,
    name: 'the longest message',
    file: 'daemon/io/server.ts',
    text: '    maxPayload: MAX_FRAME,\n',
    instead: '    maxPayload: 0,\n',
    tests: [{ file: IO_DOOR, title: 'closes on a message longer than any may be' }],
  },
  {
    row: 33,
    name: 'fragments, and answers to pings that wait',
    file: 'daemon/io/server.ts',
    text: '    perMessageDeflate: false,\n',
    instead: '    perMessageDeflate: false,\n    maxFragments: 0,\n    maxBufferedChunks: 0,\n    autoPong: false,\n',
    tests: [endless],
  },
  {
    row: 33,
    name: 'frames alone',
    file: 'daemon/io/server.ts',
    text: '      else ws.terminate();\n    });\n    ws.resume();',
    instead: '    });\n    ws.resume();',
    tests: [{ file: IO_DOOR, title: 'closes on an envelope that is cut off, and on text' }],
  },
  {
    row: 33,
    name: 'the end of who is malformed',
    file: 'daemon/io/client.ts',
    text: '      this.end(frame);\n      this.#fail();',
    instead: '      this.push(frame);',
    tests: [
      { file: IO_DOOR, title: 'closes on an envelope that is cut off, and on text' },
      { file: IO_DOOR, title: 'answers what it does not know and goes on, and closes on what is malformed' },
    ],
  },
  {
    row: 33,
    name: 'times that no timer has room for',
    file: 'daemon/io/http-out.ts',
    text: 'Math.min(silenceMs, HTTP_LAND_TIME)',
    instead: 'silenceMs',
    tests: [{ file: 'test/daemon/http-land.test.ts', title: 'may be awaited for as long as a frame can say' }],
  },
];
