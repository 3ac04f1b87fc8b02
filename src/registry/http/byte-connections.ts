import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { CONNECT_TIMEOUT } from './connections.ts';
import type { TlsProfile } from './host-trust.ts';
import { networkError } from './network-error.ts';
import { takeSlab } from './slabs.ts';

/** What is done with the bytes that come over a connection. */
export interface ByteReader {
  /**
   * Called after each read, with how much of the slab is filled by now. `more`: read on behind that; `done`: from the start
   * of the slab again; `taken`: the slab is the reader's own now. A full slab allows no `more`.
   */
  take(slab: Buffer<ArrayBuffer>, filled: number): 'more' | 'done' | 'taken';
  /**
   * The connection is gone: `error` says why, if it was no proper end; the slab has what was not taken. Called once.
   */
  closed(error: Error | undefined, slab: Buffer<ArrayBuffer>, filled: number): void;
  /** Nothing was sent or received for the idle timeout. `wait`: for as long again. */
  idle(): 'wait' | 'give-up';
}

/** A connection that one request uses at a time. */
export interface ByteConnection {
  /** Whether other requests were sent over it before. */
  readonly isReused: boolean;
  /** Whether anything was received since it was opened for this request. */
  readonly hasReceived: boolean;
  /** Sends the head of a request, and has what comes read. */
  begin(head: string, reader: ByteReader): void;
  /** Has what comes from now on read by another. */
  handOn(reader: ByteReader): void;
  pause(): void;
  resume(): void;
  /** Gives it back: the answer was read whole. */
  release(): void;
  /** Ends it; its reader is not told. */
  destroy(): void;
}

export interface ByteConnections extends Disposable {
  /** Connects, or takes a connection that was given back a moment ago. */
  open(profile: TlsProfile, url: URL, options: { readonly mayReuse: boolean }): ByteConnection;
}

/** Connections kept without use, for each host. */
const MOST_FREE = 8;
/** How long, milliseconds: shorter than servers do, so that hardly any ends while a request is on its way. */
const LONGEST_FREE = 4_000;

/** Bare connections for answers that are too large for Node's streams of 16 KiB. @param idleTimeoutMs see `ByteReader.idle`. */
export function createByteConnections(idleTimeoutMs: number): ByteConnections {
  const freeByHost = new Map<string, Kept[]>();
  const all = new Set<Kept>();

  function makeConnection(profile: TlsProfile, url: URL, host: string): Kept {
    const connection = connectTo(profile, url, idleTimeoutMs, {
      onFree() {
        const free = freeByHost.get(host) ?? [];
        freeByHost.set(host, free);
        if (free.length >= MOST_FREE) return false;
        free.push(connection);
        return true;
      },
      onGone() {
        all.delete(connection);
        const free = freeByHost.get(host);
        if (free?.includes(connection) === true) free.splice(free.indexOf(connection), 1);
      },
    });
    all.add(connection);
    return connection;
  }

  return {
    open(profile, url, { mayReuse }) {
      const host = `${url.origin} ${profile.key}`;
      const kept = mayReuse ? freeByHost.get(host)?.pop() : undefined;
      if (kept === undefined) return makeConnection(profile, url, host);
      kept.reuse();
      return kept;
    },
    [Symbol.dispose]() {
      for (const connection of all) connection.destroy();
    },
  };
}

interface Kept extends ByteConnection {
  reuse(): void;
}

interface Keeper {
  /** It is given back; `false`: there are enough. */
  onFree(): boolean;
  onGone(): void;
}

function connectTo(profile: TlsProfile, url: URL, idleTimeoutMs: number, keeper: Keeper): Kept {
  let slab = takeSlab();
  let filled = 0;
  let reader: ByteReader | undefined;
  let failure: Error | undefined;
  let isReused = false;
  let hasReceived = false;

  // Reads go straight to the slab: by default each TLS record becomes a buffer and a walk through Node's streams.
  const socket = connectSocket(profile, url, {
    buffer: () => (filled === 0 ? slab : slab.subarray(filled)),
    callback(length) {
      filled += length;
      hasReceived = true;
      // Nobody asked for these bytes; they must not be taken for the answer of the next request.
      if (reader === undefined) socket.destroy();
      const verdict = reader?.take(slab, filled) ?? 'done';
      if (verdict === 'taken') slab = takeSlab();
      if (verdict !== 'more') filled = 0;
      return true;
    },
  });
  // Once the server's certificate was found good: the head may have credentials.
  const ready = Promise.withResolvers<undefined>();
  socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => {
    ready.resolve(undefined);
  });
  limitConnecting(socket, (error) => (failure ??= error));
  socket.setNoDelay(true);
  socket.setTimeout(idleTimeoutMs);
  socket.on('error', (error) => (failure ??= error));
  socket.on('end', () => socket.destroy());
  socket.on('timeout', () => {
    if (reader !== undefined && (socket.connecting || reader.idle() === 'wait'))
      socket.setTimeout(idleTimeoutMs);
    else socket.destroy();
  });
  socket.on('close', () => {
    keeper.onGone();
    const told = reader;
    reader = undefined;
    told?.closed(failure, slab, filled);
  });

  return {
    get isReused() {
      return isReused;
    },
    get hasReceived() {
      return hasReceived;
    },
    begin(head, first) {
      reader = first;
      void ready.promise.then(() => socket.write(head, 'latin1'));
    },
    handOn(next) {
      reader = next;
    },
    pause: () => socket.pause(),
    resume() {
      if (!socket.isPaused()) return;
      // The time that we held it up is not the server's.
      socket.setTimeout(idleTimeoutMs);
      socket.resume();
    },
    release() {
      reader = undefined;
      if (socket.destroyed || !keeper.onFree()) {
        socket.destroy();
        return;
      }
      socket.resume();
      socket.unref();
      socket.setTimeout(LONGEST_FREE);
    },
    reuse() {
      isReused = true;
      hasReceived = false;
      socket.ref();
      socket.setTimeout(idleTimeoutMs);
    },
    destroy() {
      reader = undefined;
      socket.destroy();
    },
  };
}

interface OnRead {
  readonly buffer: () => Uint8Array;
  readonly callback: (length: number) => boolean;
}

function connectSocket(
  { secureContext, verifies }: TlsProfile,
  { protocol, hostname, port }: URL,
  onread: OnRead,
): Socket {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (protocol !== 'https:') return connect({ host, port: Number(port || 80), onread });
  const options = {
    host,
    port: Number(port || 443),
    ...(isIP(host) === 0 ? { servername: host } : {}),
    secureContext,
    rejectUnauthorized: verifies,
    ALPNProtocols: ['http/1.1'],
    // Handed on to the socket below, which the types do not say.
    onread,
  };
  return connectTls(options);
}

function limitConnecting(socket: Socket, fail: (error: Error) => void): void {
  const timer = setTimeout(() => {
    fail(networkError('ETIMEDOUT', 'the connection was not made in time'));
    socket.destroy();
  }, CONNECT_TIMEOUT);
  const done = (): void => {
    clearTimeout(timer);
  };
  socket.once('encrypted' in socket ? 'secureConnect' : 'connect', done).once('close', done);
}
