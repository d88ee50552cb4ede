import { checkLayout, checkNumbers, checkShape } from "./arguments.js";
import { unfit } from "./errors.js";
import { extentsOf, type Layout, MOST_CHANNELS } from "./layout.js";
import type { KernelMemory } from "./memory.js";
import { type Backend, Runtime } from "./runtime.js";
import { FloatTensor, type Tensor, together } from "./tensor.js";

/** One instance of the kernels and the memory that its tensors live in. */
export interface Kernels {
  /**
   * A tensor of zeros, or of a copy of `values` in the layout's order.
   * @throws TypeError, RangeError for a wrong argument, or if the engine refuses the memory
   */
  tensor(shape: readonly number[], layout: Layout, values?: ArrayLike<number>): Tensor;
  /**
   * A WebAssembly.Memory. With backend "js", if the host grants none, it is an object with the same `buffer` and
   * `grow`.
   */
  readonly memory: KernelMemory;
  /** Bytes of all tensors, layers and statistics that were not disposed of. */
  readonly bytesInUse: number;
  /** Tells whether `load({ relaxed: true })` found an engine with relaxed SIMD. */
  readonly relaxed: boolean;
  /**
   * "js" if `load({ fallback: "js" })` found no WebAssembly SIMD or no memory for it, or from
   * `batchnorm-wasm/fallback`.
   */
  readonly backend: Backend;
}

/** 4 GiB of float32, which is the 32-bit address space. The memory itself ends one page before. */
const MOST_VALUES = 2 ** 30;

/** The one implementation of Kernels. */
export class KernelInstance extends Runtime implements Kernels {
  tensor(shape: readonly number[], layout: Layout, values?: ArrayLike<number>): Tensor {
    this.unwrapped();
    const checkedLayout = checkLayout(layout);
    const checkedShape = checkShape(shape, checkedLayout);
    const { length, channels } = extentsOf(checkedShape, checkedLayout);
    if (length > MOST_VALUES || channels > MOST_CHANNELS) {
      const most = `at most ${MOST_VALUES} values and ${MOST_CHANNELS} channels`;
      throw unfit("shape", most, `[${checkedShape.join(", ")}]`);
    }
    const numbers = values === undefined ? undefined : checkNumbers("values", values);
    if (numbers !== undefined && numbers.length !== length) {
      const described = `shape [${checkedShape.join(", ")}], ${checkedLayout}`;
      throw unfit("values", `${length} values (${described})`, `${numbers.length}`);
    }
    // The allocation may detach a view of this memory.
    const ours = ArrayBuffer.isView(numbers) && numbers.buffer === this.memory.buffer;
    const source = ours ? Float32Array.from(numbers) : numbers;
    return together((own) => {
      const tensor = own(new FloatTensor(this, checkedShape, checkedLayout));
      if (source === undefined) tensor.data.fill(0);
      else tensor.data.set(source);
      return tensor;
    });
  }
}
