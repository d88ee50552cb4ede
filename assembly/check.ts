/**
 * Assertions on the arguments of the exports, for whoever changes a kernel or calls it. Only the target `debug` of
 * asconfig.json compiles them. The others have `noAssert`, and their bytes are those without these calls.
 */
export class Check {
  /** Extents are at least 1, and all addresses below lie in the memory. */
  @inline
  static extents(batch: usize, channels: usize, spatial: usize): void {
    if (ASC_NO_ASSERT) return;
    assert(batch > 0 && channels > 0 && spatial > 0, "an extent is 0");
    assert(channels <= usize.MAX_VALUE / batch / spatial / 4, "the extents are beyond 32-bit addresses");
  }

  /** Up to three arrays of `length` float32, each of which may be 0 (absent). */
  @inline
  static floats(length: usize, a: usize, b: usize = 0, c: usize = 0): void {
    if (ASC_NO_ASSERT) return;
    assert(
      Bounds.holds(a, length, 4) && Bounds.holds(b, length, 4) && Bounds.holds(c, length, 4),
      "an array of float32 is misplaced",
    );
  }

  /** The same for float64, which needs no alignment beyond 4 either. */
  @inline
  static doubles(length: usize, a: usize, b: usize = 0, c: usize = 0, d: usize = 0): void {
    if (ASC_NO_ASSERT) return;
    assert(Bounds.holds(a, length, 8) && Bounds.holds(b, length, 8), "an array of float64 is misplaced");
    assert(Bounds.holds(c, length, 8) && Bounds.holds(d, length, 8), "an array of float64 is misplaced");
  }

  /** A result and its two inputs, `length` float32 each. The result may lie on an input, but not overlap it otherwise. */
  @inline
  static step(length: usize, out: usize, a: usize, b: usize): void {
    if (ASC_NO_ASSERT) return;
    Check.floats(length, out, a, b);
    assert(Bounds.apart(out, a, length) && Bounds.apart(out, b, length), "the result overlaps an input");
  }
}

class Bounds {
  static holds(address: usize, length: usize, size: usize): bool {
    return !(address & 3) && address + length * size <= (<usize>memory.size()) << 16;
  }

  static apart(out: usize, input: usize, length: usize): bool {
    const bytes = length << 2;
    return !out || !input || out == input || out + bytes <= input || input + bytes <= out;
  }
}
