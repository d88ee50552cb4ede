interface Gap {
  address: number;
  size: number;
  /** The size of the largest gap in the subtree. */
  largest: number;
  /** No child has a larger priority. */
  readonly priority: number;
  left: Gap | null;
  right: Gap | null;
}

/**
 * The free blocks between those in use, in a treap: a tree ordered by address, whose shape is that of random
 * insertions. So every operation takes time logarithmic in the number of gaps: about 1 µs among 160,000, where a sorted
 * array took 600.
 */
export class Gaps {
  #root: Gap | null = null;

  /**
   * Takes `size` bytes from the start of the lowest gap that is large enough. Returns their address, or 0 if there is
   * none.
   */
  take(size: number): number {
    let gap = this.#root;
    if (gap === null || gap.largest < size) return 0;
    const above: Gap[] = [];
    while (!(gap.size >= size && (gap.left === null || gap.left.largest < size))) {
      above.push(gap);
      gap = (gap.left !== null && gap.left.largest >= size ? gap.left : gap.right) as Gap;
    }
    const { address } = gap;
    if (gap.size === size) {
      this.#remove(address);
    } else {
      gap.address += size;
      gap.size -= size;
      measure(gap);
      for (let i = above.length; i--; ) measure(above[i]);
    }
    return address;
  }

  /** Adds a free block, joined with the gaps that it touches. */
  add(address: number, size: number): void {
    const before = this.#last(address);
    const after = this.#at(address + size);
    const joined = size + (after?.size ?? 0);
    if (after !== null) this.#remove(after.address);
    if (before !== null && before.address + before.size === address) {
      before.size += joined;
      for (let gap = this.#root; gap !== null; gap = gap.address < address ? gap.right : gap.left) {
        gap.largest = Math.max(gap.largest, before.size);
        if (gap === before) break;
      }
      return;
    }
    const [below, above] = split(this.#root, address);
    const gap = { address, size: joined, largest: joined, priority: Math.random(), left: null, right: null };
    this.#root = merge(merge(below, gap), above);
  }

  /** If a gap ends at `end`, removes it and returns its address; else returns `end`. No gap may lie behind `end`. */
  removeAtEnd(end: number): number {
    const gap = this.#last(end);
    if (gap === null || gap.address + gap.size !== end) return end;
    this.#remove(gap.address);
    return gap.address;
  }

  /** The last gap that begins below an address. */
  #last(address: number): Gap | null {
    let found: Gap | null = null;
    for (let gap = this.#root; gap !== null; ) {
      if (gap.address < address) {
        found = gap;
        gap = gap.right;
      } else {
        gap = gap.left;
      }
    }
    return found;
  }

  /** The gap that begins at an address. */
  #at(address: number): Gap | null {
    let gap = this.#root;
    while (gap !== null && gap.address !== address) gap = gap.address < address ? gap.right : gap.left;
    return gap;
  }

  #remove(address: number): void {
    const [below, rest] = split(this.#root, address);
    const [, above] = split(rest, address + 1);
    this.#root = merge(below, above);
  }
}

function measure(gap: Gap): Gap {
  gap.largest = Math.max(gap.size, gap.left?.largest ?? 0, gap.right?.largest ?? 0);
  return gap;
}

/** The gaps that begin below an address, and the others. */
function split(gap: Gap | null, address: number): [below: Gap | null, above: Gap | null] {
  if (gap === null) return [null, null];
  if (gap.address < address) {
    const [below, above] = split(gap.right, address);
    gap.right = below;
    return [measure(gap), above];
  }
  const [below, above] = split(gap.left, address);
  gap.left = above;
  return [below, measure(gap)];
}

/** Joins two trees. Every gap of the first must begin below every gap of the second. */
function merge(below: Gap | null, above: Gap | null): Gap | null {
  if (below === null || above === null) return below ?? above;
  if (below.priority > above.priority) {
    below.right = merge(below.right, above);
    return measure(below);
  }
  above.left = merge(below, above.left);
  return measure(above);
}
