/** The part of `ws` that is used here: it brings no types of its own. */
declare module 'ws' {
  import { EventEmitter } from 'node:events';
  import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
  import type { Duplex } from 'node:stream';

  export type ClientOptions = {
    agent?: Agent;
    headers?: Record<string, string | readonly string[]>;
    handshakeTimeout?: number;
    perMessageDeflate?: boolean;
    maxPayload?: number;
  };

  export class WebSocket extends EventEmitter {
    constructor(address: string | URL, protocols: readonly string[], options: ClientOptions);
    readonly protocol: string;
    readonly readyState: number;
    readonly bufferedAmount: number;
    send(data: Buffer, done: (error?: Error) => void): void;
    ping(): void;
    pause(): void;
    resume(): void;
    close(code?: number): void;
    terminate(): void;
    on(event: 'open', listener: () => void): this;
    on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): this;
    on(event: 'close', listener: (code: number, reason: Buffer) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
    on(event: 'pong', listener: () => void): this;
    on(
      event: 'unexpected-response',
      listener: (request: ClientRequest, response: IncomingMessage) => void,
    ): this;
  }

  /** For tests. */
  export class WebSocketServer {
    constructor(options: {
      noServer: true;
      handleProtocols: (offered: Set<string>) => string | false;
    });
    readonly clients: Set<WebSocket>;
    handleUpgrade(
      request: IncomingMessage,
      socket: Duplex,
      head: Buffer,
      done: (socket: WebSocket) => void,
    ): void;
  }
}
