import type { AllReduce } from "batchnorm-wasm/distributed";

/** This process as one of several, which all run the same program. */
export interface Ranks {
  /** A number from 0 to size - 1. */
  readonly rank: number;
  readonly size: number;
  /** The name of the service that carries the sums, for messages. */
  readonly engine: string;
  readonly allReduce: AllReduce;
  /** Ends the connection, when all ranks are done. */
  close(): void | Promise<void>;
  /** Ends all ranks, where the engine can. */
  abort(): void;
}

/** Runs a rank's program. A rank that throws says so and ends the others, which would wait for it. */
export async function runRank(ranks: Ranks, main: () => Promise<void>): Promise<void> {
  try {
    await main();
    await ranks.close();
  } catch (error) {
    console.error(`rank ${ranks.rank}: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
    ranks.abort();
  }
}
