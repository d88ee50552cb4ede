// The thread that talks to Redis while the rank itself waits, because a client of Redis needs a free event loop.
import { Redis, type RedisOptions } from "ioredis";
import { runAsWorker } from "synckit";
import { encode, Gathered } from "./frames.js";

export interface Connection {
  readonly url: string;
  readonly options: RedisOptions;
  /** 32 hexadecimal digits that no other run has. */
  readonly run: string;
  readonly rank: number;
  readonly size: number;
  /** The deadline of a message. */
  readonly seconds: number;
}

export type Command = { readonly connect: Connection } | { readonly sums: Float64Array } | "close";

let session: Session | null = null;

class Session {
  readonly #connection: Connection;
  readonly #channel: string;
  readonly #publisher: Redis;
  readonly #subscriber: Redis;
  readonly #gathered: Gathered;
  #failure: Error | null = null;
  #wake = () => {};

  constructor(connection: Connection) {
    const { url, options, run, size } = connection;
    this.#connection = connection;
    this.#channel = `batchnorm-wasm:${run}`;
    this.#gathered = new Gathered(Buffer.from(run, "hex"), size);
    // A client that connects anew has missed frames: then the run is over.
    const once = { ...options, retryStrategy: () => null, connectTimeout: 1000 * connection.seconds };
    [this.#publisher, this.#subscriber] = [0, 1].map(() => new Redis(url, once));
    for (const client of [this.#publisher, this.#subscriber]) {
      client.on("error", (error) => this.#fail(error));
      client.on("close", () => this.#fail(new Error("the connection to Redis was lost")));
    }
    this.#subscriber.on("messageBuffer", (_: Buffer, frame: Buffer) => this.#receive(frame));
  }

  /** Greets until all ranks were heard of, so that each of them has subscribed. */
  async connect(): Promise<void> {
    await this.#subscriber.subscribe(this.#channel);
    const greeting = setInterval(() => this.#publish(0), 50);
    try {
      this.#publish(0);
      await this.#all();
    } finally {
      clearInterval(greeting);
    }
  }

  async sum(sums: Float64Array): Promise<Float64Array> {
    this.#publish(this.#gathered.next(), sums);
    await this.#all();
    return this.#gathered.sum();
  }

  async close(): Promise<void> {
    for (const client of [this.#publisher, this.#subscriber]) {
      client.removeAllListeners("close");
      await client.quit();
    }
  }

  #publish(step: number, values: Float64Array = new Float64Array()): void {
    const { run, rank } = this.#connection;
    const frame = encode({ run: Buffer.from(run, "hex"), step, rank, values });
    this.#publisher.publish(this.#channel, frame).catch((error) => this.#fail(error));
  }

  #receive(bytes: Buffer): void {
    try {
      const isNew = this.#gathered.missing();
      const { rank, step } = this.#gathered.take(bytes);
      // A rank that came later has not seen the greetings before.
      if (step === 0 && isNew.includes(rank)) this.#publish(0);
      this.#wake();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }

  /** Waits until nobody is missing. */
  async #all(): Promise<void> {
    const { seconds } = this.#connection;
    const deadline = performance.now() + 1000 * seconds;
    while (this.#failure === null && this.#gathered.missing().length > 0) {
      const left = deadline - performance.now();
      if (left <= 0) {
        throw new Error(`no sums within ${seconds} s: nothing came from rank ${this.#gathered.missing().join(", ")}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    if (this.#failure !== null) throw this.#failure;
  }
}

runAsWorker(async (command: Command): Promise<Float64Array | null> => {
  if (command === "close") {
    await session?.close();
    return null;
  }
  if ("sums" in command) return (session as Session).sum(command.sums);
  session = new Session(command.connect);
  await session.connect();
  return null;
});
