import { engine } from "@tensorflow/tfjs-core";
import type { Host } from "./host.js";
import { type Opened, openHost, openHostAsync } from "./open-host.js";

/** The backends whose tensors the kernels reach; on others TensorFlow.js computes. */
export const BACKENDS: readonly string[] = ["cpu", "wasm"];

// The key is the instance, because a backend that was removed and registered again has another memory.
const hosts = new WeakMap<object, Opened>();
/** Tells whether hosts may be opened off the calling thread: `install` waits for the hosts of started backends. */
let opensLater = false;

/**
 * Returns the opened host of a backend of {@link BACKENDS}. It is opened now, synchronously, unless it was opened
 * before. If the engine refuses that, operations compute until it is opened off the thread.
 */
export function openedOn(backend: object): Opened {
  let opened = hosts.get(backend);
  if (opened === undefined) {
    opened = openHost(backend, opensLater);
    hosts.set(backend, opened);
    if (opened.host === null && opensLater) void openHosts();
  }
  return opened;
}

/** Returns the host of a backend of {@link BACKENDS}, or null if operations compute. */
export function hostOf(backend: object): Host | null {
  return openedOn(backend).host;
}

/** Returns the host of the current backend, or null if operations compute. */
export function currentHost(): Host | null {
  const { backend } = engine(); // chooses a backend if none is set
  return BACKENDS.includes(engine().backendName) ? hostOf(backend) : null;
}

/** Opens the hosts of all started backends, and compiles nothing synchronously. */
export async function openHosts(): Promise<void> {
  opensLater = true;
  const isClosed = (backend: object) => !hosts.get(backend)?.host;
  for (const backend of startedBackends().filter(isClosed)) {
    const opened = await openHostAsync(backend);
    if (isClosed(backend)) hosts.set(backend, opened); // no other call has opened it meanwhile
  }
}

/** Frees the memory of the hosts of all backends. They open again when they are used. */
export function releaseHosts(): void {
  opensLater = false;
  for (const backend of startedBackends()) {
    hosts.get(backend)?.host?.release();
    hosts.delete(backend);
  }
}

function startedBackends(): object[] {
  return BACKENDS.map((name) => engine().registry[name]).filter((backend) => backend !== undefined);
}
